"""Bytes out: QR symbols, labels, sheets, certificates, drawings of a trace, and the words of the public page.

The room turns plain values into bytes. It imports ``domain`` alone, reads no clock and opens no connection.
"""
