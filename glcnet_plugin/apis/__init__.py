"""What programs call: loading pretrained parts, extracting features."""
