"""Pictures of skulls, implants, distances and regions, drawn without a graphics card."""
