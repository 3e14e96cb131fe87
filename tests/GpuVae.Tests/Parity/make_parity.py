#!/usr/bin/env python3
"""Writes seed_vae.safetensors: what PyTorch computes for the seed article's VAE, for PyTorchParityTests to compare with.

Needs PyTorch and NumPy (Debian: apt-get install python3-torch), and only when the file is to be made anew:

    /usr/bin/python3 make_parity.py

The model has the seed's structure at small widths, so that the file stays small. The noise is not torch.randn but Philox4x32-10 with
Box and Muller's transform, written down here a second time in NumPy, so that both sides can draw the same numbers.

Tensors: x [B, P] as bytes/255 · noise.<step> [B, L] · <parameter> before · grad.<parameter> of the first step ·
after.<parameter> after three Adam steps (lr 1e-3) on the same batch · parts [3, 2] = reconstruction and KL term of each step, nats per image.
"""
import json
import pathlib
import struct

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

PIXELS, HIDDEN, LATENT, BATCH, STEPS, SEED = 100, (72, 40), 6, 9, 3, 7
LATENT_PURPOSE = 1


def philox(counter, key):
    """Philox4x32-10 of Salmon et al. 2011; counter [n, 4] and key (2) as 32-bit words."""
    c = counter.astype(np.uint64).T.copy()
    k0, k1 = (np.uint64(k) for k in key)
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = np.stack([(p1 >> np.uint64(32)) ^ c[1] ^ k0, p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ k1, p0 & low])
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & low, (k1 + np.uint64(0xBB67AE85)) & low
    return c


def noise(step):
    """[BATCH, LATENT] standard normals; unit j < 64 of row i takes words 0 and 1 of block (j, i, step, purpose)."""
    counter = np.array([(j, i, step, LATENT_PURPOSE) for i in range(BATCH) for j in range(LATENT)])
    words = philox(counter, (SEED, 0))
    u1 = ((words[0] >> np.uint64(8)) + np.uint64(1)) / 2.0**24
    u2 = (words[1] >> np.uint64(8)) / 2.0**24
    return (np.sqrt(-2 * np.log(u1)) * np.cos(2 * np.pi * u2)).reshape(BATCH, LATENT).astype(np.float32)


class VAE(nn.Module):
    """The seed's model with the noise handed in."""

    def __init__(self):
        super().__init__()
        a, b = HIDDEN
        self.encoder = nn.Sequential(nn.Linear(PIXELS, a), nn.ReLU(), nn.Linear(a, b), nn.ReLU(), nn.Linear(b, LATENT * 2))
        self.decoder = nn.Sequential(nn.Linear(LATENT, b), nn.ReLU(), nn.Linear(b, a), nn.ReLU(), nn.Linear(a, PIXELS), nn.Sigmoid())

    def forward(self, x, eps):
        encoded = self.encoder(x)
        mu, logvar = encoded[:, :LATENT], encoded[:, LATENT:]
        return self.decoder(mu + eps * torch.exp(0.5 * logvar)), mu, logvar


def save(path, tensors):
    header, offset = {"__metadata__": {"seed": str(SEED), "torch": torch.__version__}}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(value.tobytes() for value in tensors.values()))


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    x = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (BATCH, PIXELS)).astype(np.float32) / 255)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    out = {"x": x.numpy()}
    out |= {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}
    parts = []
    for step in range(STEPS):
        eps = noise(step)
        out[f"noise.{step}"] = eps
        recon, mu, logvar = model(x, torch.from_numpy(eps))
        bce = F.binary_cross_entropy(recon, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + logvar - mu * mu - logvar.exp())
        parts.append([bce.item() / BATCH, kl.item() / BATCH])
        optimizer.zero_grad()
        ((bce + kl) / BATCH).backward()
        if step == 0:
            out |= {"grad." + name: value.grad.numpy().copy() for name, value in model.named_parameters()}
        optimizer.step()
    out |= {"after." + name: value.detach().numpy().copy() for name, value in model.state_dict().items()}
    out["parts"] = np.array(parts, dtype=np.float32)
    save(pathlib.Path(__file__).with_name("seed_vae.safetensors"), out)


if __name__ == "__main__":
    main()
