"""gRPC's unary calls over HTTP/2 on the loopback interface: bytes in, bytes out; what they mean is others' affair.

Of the protocol (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) it speaks what engines and programs of
Pulumi need of each other, on either side, and so with any gRPC library on the other. See docs/adr/0021.
"""
