"""Measures Wire against its peers: what is measured is in `cases`, against whom in `peers`, the aims in `report`."""
