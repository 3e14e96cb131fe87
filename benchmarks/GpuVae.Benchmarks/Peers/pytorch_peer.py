"""The PyTorch side of the `peers` benchmark: one JSON request per line on stdin, one JSON answer per line on stdout.

  {"do": "info"}                                     -> version, threads, CUDA device or null
  {"do": "prepare", "id": "...", "kind": "step" | "convolutional_step" | "generate" | "gemm", "device": "cpu" | "cuda", ...} -> {"ok": true}
        step:     batch, mode, tf32
        convolutional_step: batch, latent, mode, layout (channels_first | channels_last)
        generate: batch, mode   (from latents in host memory to pixels in host memory)
        gemm:     m, n, k, transposeA, transposeB, dtype (float32 | tf32 | bfloat16)
  {"do": "time", "id": "...", "runs": n}             -> {"seconds": seconds per run, over n runs}
  {"do": "forget"}                                   -> {"ok": true}; nothing is prepared any more

mode is eager (Adam as it comes), fused (eager with the fused Adam), compile (loss and gradients by torch.compile, the fused Adam) or graph
(a CUDA graph of the whole step). Threads on the processor are those of OMP_NUM_THREADS.

The network is the seed VAE (784-512-256-2L, L-256-512-784, ReLU, sigmoid, latent 20) with Adam at 1e-3; the loss is the binary
cross-entropy summed over pixels plus the KL term, averaged over the batch. Noise is PyTorch's own: a Mersenne twister on the processor.
Eager gradients are zeroed in place on the processor, where that is faster.
"""
import gc
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch._inductor import cpu_vec_isa

LATENT, PIXELS = 20, 784


def mlp(*sizes):
    layers = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        layers += [nn.ReLU()] * (i > 0) + [nn.Linear(a, b)]
    return layers


class SeedVae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(*mlp(PIXELS, 512, 256, 2 * LATENT))
        self.decoder = nn.Sequential(*mlp(LATENT, 256, 512, PIXELS), nn.Sigmoid())

    def loss(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        bce = F.binary_cross_entropy(self.decoder(z), x, reduction="sum")
        kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()
        return (bce + kl) / x.shape[0]


def captured(run):
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def training(model, x, mode):
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, capturable=mode == "graph", fused=mode in ("fused", "compile"))
    loss = torch.compile(model.loss, dynamic=False) if mode == "compile" else model.loss
    set_to_none = mode == "compile" or (x.is_cuda and mode != "graph")

    def run():
        optimizer.zero_grad(set_to_none=set_to_none)
        loss(x).backward()
        optimizer.step()

    return captured(run) if mode == "graph" else run


def step(batch, device, mode, **_):
    return training(SeedVae().to(device), torch.rand(batch, PIXELS, device=device), mode)


class ConvolutionalVae(nn.Module):
    """The default convolutional model on 64 × 64 colour images."""

    def __init__(self, latent):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 128, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), *mlp(128 * 8 * 8, 256, 2 * latent))
        self.decoder = nn.Sequential(
            *mlp(latent, 256, 128 * 8 * 8), nn.ReLU(), nn.Unflatten(1, (128, 8, 8)), nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1))

    def loss(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        bce = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
        kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()
        return (bce + kl) / x.shape[0]


def convolutional_step(batch, latent, mode, layout, device, **_):
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    model = ConvolutionalVae(latent).to(device, memory_format=memory)
    return training(model, torch.rand(batch, 3, 64, 64, device=device).contiguous(memory_format=memory), mode)


def generate(batch, device, mode, **_):
    decoder = SeedVae().decoder.to(device).eval()
    z = torch.randn(batch, LATENT)
    # Code that PyTorch 2.6 compiles for the inference mode writes where it may not.
    gradient = torch.no_grad if mode == "compile" else torch.inference_mode
    if mode == "compile":
        decoder = torch.compile(decoder, dynamic=False)

    def run():
        with gradient():
            return decoder(z.to(device)).cpu()

    return run


def gemm(m, n, k, transposeA, transposeB, device, dtype, **_):
    kind = torch.bfloat16 if dtype == "bfloat16" else torch.float32

    def matrix(rows, columns, transpose):
        dense = torch.rand(*((columns, rows) if transpose else (rows, columns)), device=device, dtype=kind)
        return dense.t() if transpose else dense

    a, b = matrix(m, k, transposeA), matrix(k, n, transposeB)
    out = torch.empty(m, n, device=device, dtype=kind)
    return lambda: torch.mm(a, b, out=out)


def main():
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "info":
                # Where g++ or a header is missing, compiled code is scalar without a word.
                compiled = str(cpu_vec_isa.pick_vec_isa())
                answer = {"version": f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}, compiled: {compiled})",
                          "threads": torch.get_num_threads(),
                          "cuda": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None}
            elif request["do"] == "prepare":
                tf32 = request.get("tf32", False) or request.get("dtype") == "tf32"
                run = {"step": step, "convolutional_step": convolutional_step, "generate": generate, "gemm": gemm}[request["kind"]](**{
                    key: value for key, value in request.items() if key not in ("do", "id", "kind")})
                prepared[request["id"]] = (run, request["device"], tf32)
                answer = {"ok": True}
            elif request["do"] == "forget":
                prepared.clear()
                torch._dynamo.reset()
                gc.collect()
                answer = {"ok": True}
            else:
                run, device, tf32 = prepared[request["id"]]
                torch.backends.cuda.matmul.allow_tf32 = tf32
                wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
                wait()
                start = time.perf_counter()
                for _ in range(request["runs"]):
                    run()
                wait()
                answer = {"seconds": (time.perf_counter() - start) / request["runs"]}
        except Exception as error:  # the C# side prints it beside the row
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
