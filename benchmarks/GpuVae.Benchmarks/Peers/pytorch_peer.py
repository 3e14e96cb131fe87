"""The PyTorch side of the `peers` benchmark: one JSON request per line on stdin, one JSON answer per line on stdout.

  {"do": "info"}                                     -> versions, threads, CUDA device or null
  {"do": "prepare", "id": "...", "kind": "step" | "convolutional_step" | "generate" | "gemm", "device": "cpu" | "cuda", ...} -> {"ok": true}
        step:     batch, mode (eager | compile | graph), tf32
        convolutional_step: batch, latent, layout (channels_first | channels_last)
        generate: batch, mode, tf32   (from latents in host memory to pixels in host memory)
        gemm:     m, n, k, dtype (float32 | tf32 | bfloat16)
  {"do": "time", "id": "...", "runs": n, "threads": t} -> {"seconds": seconds per run, over n runs}

The network is the seed VAE (784-512-256-2L, L-256-512-784, ReLU, sigmoid, latent 20) with Adam at 1e-3; the loss is the binary
cross-entropy summed over pixels plus the KL term, averaged over the batch. Gradients are zeroed in place on the CPU, where that is faster.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

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


def step(batch, device, mode, **_):
    model = SeedVae().to(device)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, capturable=mode == "graph")
    x = torch.rand(batch, PIXELS, device=device)
    loss = torch.compile(model.loss) if mode == "compile" else model.loss
    set_to_none = device == "cuda" and mode != "graph"

    def run():
        optimizer.zero_grad(set_to_none=set_to_none)
        loss(x).backward()
        optimizer.step()

    return captured(run) if mode == "graph" else run


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


def convolutional_step(batch, latent, layout, device, **_):
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    model = ConvolutionalVae(latent).to(device, memory_format=memory)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    x = torch.rand(batch, 3, 64, 64, device=device).contiguous(memory_format=memory)

    def run():
        optimizer.zero_grad(set_to_none=device == "cuda")
        model.loss(x).backward()
        optimizer.step()

    return run


def generate(batch, device, mode, **_):
    decoder = SeedVae().decoder.to(device).eval()
    z = torch.randn(batch, LATENT)
    if mode == "compile":
        decoder = torch.compile(decoder)

    def run():
        with torch.inference_mode():
            return decoder(z.to(device)).cpu()

    return run


def gemm(m, n, k, device, dtype, **_):
    kind = torch.bfloat16 if dtype == "bfloat16" else torch.float32
    a, b = torch.rand(m, k, device=device, dtype=kind), torch.rand(k, n, device=device, dtype=kind)
    out = torch.empty(m, n, device=device, dtype=kind)
    return lambda: torch.mm(a, b, out=out)


def main():
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "info":
                answer = {"torch": torch.__version__, "threads": torch.get_num_threads(),
                          "cuda": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None}
            elif request["do"] == "prepare":
                tf32 = request.get("tf32", False) or request.get("dtype") == "tf32"
                run = {"step": step, "convolutional_step": convolutional_step, "generate": generate, "gemm": gemm}[request["kind"]](**{
                    key: value for key, value in request.items() if key not in ("do", "id", "kind")})
                prepared[request["id"]] = (run, request["device"], tf32)
                answer = {"ok": True}
            else:
                run, device, tf32 = prepared[request["id"]]
                torch.backends.cuda.matmul.allow_tf32 = tf32
                if device == "cpu":
                    torch.set_num_threads(request["threads"])
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
