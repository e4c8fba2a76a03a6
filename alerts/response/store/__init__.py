"""SQL of alerts and of what people do with them."""
