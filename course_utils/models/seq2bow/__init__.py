"""Seq2BoW: an LSTM reads a job title word by word, and predicts the bag of interests that go with it.

S. Fung, "Going deeper with recurrent networks: Sequence to Bag of Words Model", KDnuggets, August 2017.
"""
