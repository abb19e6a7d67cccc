"""What a failed call carries, as grpcio-status gives it to any program."""

import contextlib

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

POLICY, LIBRARY = "datavault.policy.v1", "datavault.test.v1"


class Failure:
    """A failed call's code and details."""

    def __init__(self, error):
        self.code = error.code()
        self.message = error.details()
        status = rpc_status.from_call(error)
        self.info, self.fields = None, {}
        for detail in status.details if status else ():
            info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                self.info = info
            elif detail.Unpack(request):
                for violation in request.field_violations:
                    assert violation.field not in self.fields, "one violation a field"
                    self.fields[violation.field] = violation

    def is_(self, code, reason, domain=POLICY):
        return (self.code, self.info.reason, self.info.domain) == (code, reason, domain)


@contextlib.contextmanager
def failing():
    """Gives a list that holds the failure once the call in the block has failed."""
    found = []
    with pytest.raises(grpc.RpcError) as raised:
        yield found
    found.append(Failure(raised.value))
