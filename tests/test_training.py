import keras
import numpy as np

from course_utils.training import ProgressBar


def test_bar_counts_every_batch_and_shows_the_measures(capsys):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(np.ones((8, 1)), np.ones((8, 1)), batch_size=2, epochs=3, verbose=0, callbacks=[ProgressBar()])
    shown = capsys.readouterr()
    assert "12/12" in shown.err and "epoch=3" in shown.err and "loss=" in shown.err
    assert shown.out == ""


def test_training_that_fails_is_not_hidden_by_the_bar():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    bar = ProgressBar()
    try:
        model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0, callbacks=[bar])
    except ValueError as error:
        assert "shape" in str(error)
    else:
        raise AssertionError("a wrong shape went through")
