"""One file per check. Each defines `CHECK`; `core.quality.registry` lists them."""
