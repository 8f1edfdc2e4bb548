"""The methods of the quality benchmarks, in the order of their table."""

from __future__ import annotations

from methods.ease import EASE
from methods.factors import FACTOR_MODELS
from methods.floors import FLOORS
from methods.items import BM25
from methods.lambdamart import LAMBDAMART
from methods.lenskit_knn import LENSKIT
from methods.method import Method
from methods.tifu import TIFU_KNN
from methods.upcf import UP_CF
from methods.walk import RP3BETA

ROWS = (*FLOORS, *FACTOR_MODELS, BM25, *LENSKIT, RP3BETA, EASE, UP_CF, TIFU_KNN, LAMBDAMART)
METHODS: dict[str, Method] = {method.name: method for method in ROWS}
