"""The live lists of models: what each provider's GET /models says, kept on disk, refreshed in the background, searched.
May use core.domain, core.clock, core.errors and core.supervise.
Never calls a model, never delays a hunt or the start, and never stores a key or an address.
Owned and closed by core.runtime.
Tests in tests/core/providers/model_list.
"""
