"""An authority of the tests' own, by the openssl command."""
import os
import subprocess
from collections import namedtuple

Keys = namedtuple("Keys", "certificate key")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.certificate = os.path.join(folder, "authority.pem")
        self.key = os.path.join(folder, "authority.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=Test authority", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, alternatives):
        base = os.path.join(self.folder, name)
        keys = Keys(f"{base}.pem", f"{base}.key")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", keys.key, "-out", f"{base}.csr")
        with open(f"{base}.ext", "w") as file:
            file.write(f"subjectAltName={','.join(alternatives)}\n")
        openssl("x509", "-req", "-in", f"{base}.csr", "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", "2", "-extfile", f"{base}.ext", "-out", keys.certificate)
        return keys
