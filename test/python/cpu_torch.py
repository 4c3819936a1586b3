"""
Lets the torch of PyPI run on a machine without the CUDA libraries.

Its wheel for Linux needs 2.3 GB of libraries before it can be imported, even without a GPU. This program makes one library
that has their names and the symbols that torch looks for. On a CPU none of them is ever called; a call would end the process.
The package nvidia-cuda-runtime (2 MB) is installed for real: torch asks it whether there is a GPU.
"""

import re
import subprocess
import sysconfig
from collections import defaultdict
from pathlib import Path

TORCH = Path(sysconfig.get_path("purelib"), "torch", "lib")
LIBRARY = r"lib(?:cublas|cublasLt|cudnn|cufft|cufile|cupti|cusparse|cusparseLt|nccl|nvrtc|nvshmem_host)\.so\.\d+"
SYMBOL = r"p?(?:cublas|cudnn|cufft|cuFile|cupti|cusparse|nccl|nvrtc|nvshmem)\w+"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main():
    names = set()
    symbols = defaultdict(set)  # the version of a symbol: its names
    for library in TORCH.glob("libtorch*.so"):
        names.update(re.findall(rf"\(NEEDED\).*\[({LIBRARY})\]", output("readelf", "--dynamic", "--wide", library)))
        undefined = output("nm", "--dynamic", "--undefined-only", library)
        for symbol, version in re.findall(rf"^ +U ({SYMBOL})(?:@(\S+))?$", undefined, re.MULTILINE):
            symbols[version or "unversioned"].add(symbol)
    labels = "".join(f".globl {name}\n{name}:\n" for name in sorted(set().union(*symbols.values())))
    versions = "".join(f"{version} {{ {'; '.join(sorted(found))}; }};\n" for version, found in symbols.items())
    script = TORCH / "nothing.map"
    script.write_text(versions)
    compiler = ["cc", "-shared", "-nostdlib", f"-Wl,--version-script={script}", "-o", TORCH / "libnothing.so"]
    code = f'.text\n{labels}ud2\n.section .note.GNU-stack,"",@progbits\n'
    subprocess.run([*compiler, "-x", "assembler", "-"], input=code, text=True, check=True)
    for name in names:
        (TORCH / name).symlink_to("libnothing.so")


if __name__ == "__main__":
    main()
