# SPDX-License-Identifier: Apache-2.0
#: make proofs           the k-induction proofs of tests/formal
.PHONY: proofs
proofs: $(VENV)/.done
	@$(PY) tests/formal/prove.py $(B)/proofs
