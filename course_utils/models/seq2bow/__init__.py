"""Seq2BoW: what interests go with a job title? A title is read word by word; the answer is a bag of interests.

S. Fung, "Going deeper with recurrent networks: Sequence to Bag of Words Model", KDnuggets, August 2017. `corpus` turns titles
and bags into numbers, `model` learns from them and answers, `command` is `python -m course_utils seq2bow`.
"""
