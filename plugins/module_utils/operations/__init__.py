"""Operations on a stack that runs: how it is, and what is wrong with it."""
