"""What Telnyx takes and refuses, by its documentation: tables and checks. Pure."""
