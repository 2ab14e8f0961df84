"""Print the loss of each epoch, and keep the vectors of each."""

from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec


class Watch(CallbackAny2Vec):
    def __init__(self):
        self.epoch, self.losses, self.sums, self.events = 0, [], [], []

    def on_train_begin(self, model):
        self.events.append("begin")

    def on_epoch_begin(self, model):
        self.events.append("epoch")

    def on_epoch_end(self, model):
        self.losses.append(model.get_latest_training_loss())
        self.sums.append(float(abs(model.wv.vectors).sum()))
        model.save(f"epoch{self.epoch}.model")
        self.epoch += 1

    def on_train_end(self, model):
        self.events.append("end")


with open("corpus.txt") as file:
    sentences = [line.split() for line in file]
watch = Watch()
model = Word2Vec(
    sentences, vector_size=10, min_count=1, epochs=6, compute_loss=True, callbacks=[watch]
)
saved = [float(abs(Word2Vec.load(f"epoch{epoch}.model").wv.vectors).sum()) for epoch in range(6)]
result = {
    "losses": watch.losses,
    "rising": all(one < other for one, other in zip(watch.losses, watch.losses[1:], strict=False)),
    "events": watch.events,
    "saved": all(abs(one - other) < 1e-3 for one, other in zip(saved, watch.sums, strict=True)),
}
