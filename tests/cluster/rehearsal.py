"""Two machines rehearsed as network namespaces: `python -m tests.cluster.rehearsal CORPUS` (root).

    speed    what crosses a link of 1 Gbit/s, and the efficiency, beside the plan and the model
    cut      the link is cut while nodes train: the run goes on with the node that is left

Each namespace has a Ray node of one CPU. The driver runs in the first one.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from w2v_fast.cluster.driver import ClusterRun
from w2v_fast.cluster.model import round_time
from w2v_fast.config import TrainConfig

HOSTS = ("w2vhost1", "w2vhost2")
LINKS = ("w2vlink1", "w2vlink2")
ADDRESSES = ("10.77.0.1", "10.77.0.2")
PORT = 6399
RATE = 1e9
STORE_BYTES = 400_000_000
ETHERNET = 1.05  # headers and acknowledgements beside the payload of full packets


def shell(command: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def build() -> None:
    """Two namespaces, joined by a slow link."""
    for host in HOSTS:
        shell(f"ip netns add {host}")
    shell(f"ip link add {LINKS[0]} type veth peer name {LINKS[1]}")
    for host, link, address in zip(HOSTS, LINKS, ADDRESSES, strict=True):
        shell(f"ip link set {link} netns {host}")
        shell(f"ip -n {host} addr add {address}/24 dev {link}")
        shell(f"ip -n {host} link set lo up")
        shell(f"ip -n {host} link set {link} up")
        shell(
            f"ip netns exec {host} tc qdisc replace dev {link} root tbf "
            f"rate {RATE:.0f}bit burst 1mb latency 100ms"
        )


def tear_down() -> None:
    """End what runs in the namespaces, and remove them."""
    for host in HOSTS:
        for pid in shell(f"ip netns pids {host} || true").split():
            if int(pid) != os.getpid():
                os.kill(int(pid), signal.SIGKILL)
    time.sleep(1)
    for host in HOSTS:
        shell(f"ip netns del {host} || true")


def start_ray(folder: str) -> None:
    """A Ray node in each namespace."""
    ray = Path(sys.executable).with_name("ray")
    for number, (host, address) in enumerate(zip(HOSTS, ADDRESSES, strict=True)):
        place = (
            f"--head --port={PORT} --include-dashboard=false"
            if number == 0
            else f"--address={ADDRESSES[0]}:{PORT}"
        )
        shell(
            f"cd / && ip netns exec {host} unshare --uts sh -c 'hostname {host}; exec {ray} start "
            f"{place} --node-ip-address={address} --num-cpus=1 --disable-usage-stats "
            f"--object-store-memory={STORE_BYTES} --temp-dir={folder}/{host}'"
        )


def sent_bytes() -> int:
    """What the first host has sent over the link."""
    text = shell(f"ip -n {HOSTS[0]} -s -j link show {LINKS[0]}")
    return int(json.loads(text)[0]["stats64"]["tx"]["bytes"])


def trained(corpus: str, nodes: int, plane: str, sync_words: int, act=None) -> dict[str, float]:
    """Train in the first namespace; what came of it."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}

    def report(progress) -> None:
        last.update(
            at=time.monotonic(),
            tokens=progress.tokens,
            sent=sent_bytes(),
            bytes=run.step.exchange_bytes,
            seconds=run.step.exchange_seconds,
        )
        if not first:
            first.update(last)
        if act is not None:
            act(progress)

    config = TrainConfig(workers=1, epochs=1, min_count=5)
    run = ClusterRun(
        corpus,
        config,
        nodes=(1 if act else nodes, nodes),
        address=f"{ADDRESSES[0]}:{PORT}",
        sync_words=sync_words,
        plane=plane,
    )
    run.train(report, checkpoint_minutes=60 if act is None else 0.05)
    found = {name: last[name] - first[name] for name in first}
    found["words_per_second"] = found["tokens"] / found["at"]
    return {**found, "words": len(run.wv), "done": run.position.tokens / run.total_tokens}


def speed(corpus: str, plane: str, sync_words: int) -> None:
    """Efficiency and bytes, measured, planned and predicted."""
    alone = trained(corpus, 1, plane, sync_words)
    both = trained(corpus, 2, plane, sync_words)
    predicted = round_time(
        2,
        int(both["words"]),
        100,
        sync_words=sync_words,
        words_per_second=alone["words_per_second"],
        bits_per_second=RATE / ETHERNET,
    )
    measured = both["words_per_second"] / (2 * alone["words_per_second"])
    print(f"{plane}, {sync_words:,} words a round")
    print(f"one node {alone['words_per_second']:,.0f} words/s, two {both['words_per_second']:,.0f}")
    print(f"efficiency measured {measured:.3f}, predicted {predicted.efficiency:.3f}")
    print(f"in exchanges {both['seconds'] / both['at']:.3f} of the time")
    print(f"sent {both['sent']:,.0f} bytes, planned {both['bytes']:,.0f}")


def cut(corpus: str, plane: str, sync_words: int) -> None:
    """A link that is cut: the run goes on with the node that is left."""
    moments: dict[str, float] = {}

    def act(progress) -> None:
        now = time.monotonic()
        if progress.tokens > 0.3 * progress.total_tokens and "cut" not in moments:
            shell(f"ip -n {HOSTS[1]} link set {LINKS[1]} down")
            moments.update(cut=now, last=progress.tokens)
        elif "cut" in moments and "back" not in moments and progress.tokens < moments["last"]:
            moments["back"] = now
        moments["last"] = progress.tokens

    found = trained(corpus, 2, plane, sync_words, act)
    seconds = moments["back"] - moments["cut"]
    print(f"link cut: trains again after {seconds:.1f} s, done {found['done']:.0%}")


def main() -> None:
    """Run the rehearsals that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("names", nargs="*", default=["speed", "cut"])
    parser.add_argument("--plane", default="gloo")
    parser.add_argument("--sync-words", type=int, default=100_000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        logging.basicConfig(format="%(message)s", level=logging.INFO)
        for name in arguments.names:
            {"speed": speed, "cut": cut}[name](
                arguments.corpus, arguments.plane, arguments.sync_words
            )
        return
    with tempfile.TemporaryDirectory(prefix="w2v", dir="/tmp") as folder:
        build()
        try:
            os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
            start_ray(folder)
            command = [sys.executable, "-m", "tests.cluster.rehearsal", *sys.argv[1:], "--inside"]
            host = f"hostname {HOSTS[0]}; exec {shlex.join(command)}"
            enter = ["ip", "netns", "exec", HOSTS[0], "unshare", "--uts", "sh", "-c", host]
            subprocess.run(enter, check=True)
        finally:
            tear_down()


if __name__ == "__main__":
    main()
