#!/usr/bin/env python3
"""Writes convolutional_vae.safetensors: what PyTorch computes for two small convolutional VAEs, for ConvolutionalParityTests.

Needs PyTorch and NumPy, and only when the file is to be made anew:

    /usr/bin/python3 make_convolutional_parity.py

The modules are those of NetworkKind.Convolutional's documentation. "plain" has transposed convolutions on 12 × 10 colour images, "rich" residual
blocks, group normalisation, SiLU and nearest upsampling on 9 × 7 grey ones. The noise is that of make_parity.py's first step.

Tensors, each after the model's name and a dot: x [B, C·H·W] · <parameter> · grad.<parameter> · parts [2] = reconstruction and KL
term, nats per image.
"""
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from make_parity import BATCH, LATENT, noise, save

HIDDEN = 11


class ResidualBlock(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, 1, 1)
        self.norm1 = nn.GroupNorm(groups, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)
        self.norm2 = nn.GroupNorm(groups, channels)

    def forward(self, x):
        return F.silu(x + self.norm2(self.conv2(F.silu(self.norm1(self.conv1(x))))))


def plain():
    """12 × 10 (height × width) → 6 × 5 → 3 × 3: a kernel of 4, then one of 3."""
    encoder = nn.Sequential(
        nn.Conv2d(3, 6, 4, 2, 1), nn.ReLU(), nn.Conv2d(6, 7, 3, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(63, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * LATENT))
    decoder = nn.Sequential(
        nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 63), nn.ReLU(), nn.Unflatten(1, (7, 3, 3)),
        nn.ConvTranspose2d(7, 6, 3, 2, 1, output_padding=(1, 0)), nn.ReLU(), nn.ConvTranspose2d(6, 3, 4, 2, 1))
    return encoder, decoder, (3, 12, 10)


def rich():
    """9 × 7 → 5 × 4 → 3 × 2."""
    encoder = nn.Sequential(
        nn.Conv2d(1, 12, 3, 2, 1), nn.GroupNorm(4, 12), nn.SiLU(), ResidualBlock(12, 4),
        nn.Conv2d(12, 12, 3, 2, 1), nn.GroupNorm(4, 12), nn.SiLU(), ResidualBlock(12, 4), nn.Flatten(),
        nn.Linear(72, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 2 * LATENT))
    decoder = nn.Sequential(
        nn.Linear(LATENT, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 72), nn.SiLU(), nn.Unflatten(1, (12, 3, 2)),
        ResidualBlock(12, 4), nn.Upsample(size=(5, 4), mode="nearest"), nn.Conv2d(12, 12, 3, 1, 1), nn.GroupNorm(4, 12), nn.SiLU(),
        ResidualBlock(12, 4), nn.Upsample(size=(9, 7), mode="nearest"), nn.Conv2d(12, 1, 3, 1, 1))
    return encoder, decoder, (1, 9, 7)


def tensors(name, encoder, decoder, shape):
    model = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
    generator = np.random.default_rng(1)
    # Norms start as the identity; a test of their gradients wants something else.
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.data += 0.2 * torch.randn_like(parameter)
    x = torch.from_numpy(generator.integers(0, 256, (BATCH, *shape)).astype(np.float32) / 255)
    mu, logvar = encoder(x).chunk(2, dim=1)
    logits = decoder(mu + torch.from_numpy(noise(0)) * torch.exp(0.5 * logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / BATCH
    kl = -0.5 * torch.sum(1 + logvar - mu * mu - logvar.exp()) / BATCH
    (bce + kl).backward()
    out = {"x": x.reshape(BATCH, -1), "parts": torch.stack([bce, kl])}
    out |= dict(model.state_dict()) | {"grad." + key: value.grad for key, value in model.named_parameters()}
    return {f"{name}.{key}": value.detach().numpy().copy() for key, value in out.items()}


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    out = tensors("plain", *plain()) | tensors("rich", *rich())
    save(pathlib.Path(__file__).with_name("convolutional_vae.safetensors"), out)


main()
