"""What comes from Telnyx: webhooks and media, verified, parsed and handed on."""
