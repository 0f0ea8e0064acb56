"""An implant whose shape comes from a scan of before the craniectomy, the donor, where that has bone."""
