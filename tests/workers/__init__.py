"""Tests of several workers on one database."""
