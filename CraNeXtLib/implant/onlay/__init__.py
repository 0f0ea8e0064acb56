"""A titanium sheet that lies on the outer side of the bone and covers the defect, and its flattened outline."""
