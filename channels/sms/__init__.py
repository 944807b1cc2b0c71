"""SMS, MMS and WhatsApp through Twilio: signed webhooks in, its REST API out."""
