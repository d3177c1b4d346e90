"""The seed clusters as events, generated with a fixed seed and played through the ledger as any client's."""
