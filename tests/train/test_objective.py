"""The objective as the paper's Appendix A has it: a bound written out with the distributions that it names."""

from __future__ import annotations

import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from train.objective import Objective, divergence_from_prior


def test_with_beta_of_lambda_over_pixels_the_objective_is_the_bound_of_equation_5() -> None:
    side, batch, latent = 8, 3, 5
    random = torch.Generator().manual_seed(4)
    target, weight = torch.rand(batch, 3, side, side, generator=random), 100.0
    mask = (torch.rand(batch, 1, side, side, generator=random) > 0.5).float()
    beta = weight / side**2
    sigma = (beta / 2) ** 0.5

    def bound(rgb: torch.Tensor, logits: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        of_mask = Bernoulli(logits=logits[:, 1:] - logits[:, :1]).log_prob(mask).sum(dim=(1, 2, 3))
        of_rgb = Normal(rgb, sigma).log_prob(target).sum(dim=(1, 2, 3))
        posterior = Normal(mean, torch.exp(log_variance / 2))
        prior = Normal(torch.zeros(latent), torch.ones(latent))
        return (of_mask + of_rgb - kl_divergence(posterior, prior).sum(dim=1)).mean()

    def ours(rgb: torch.Tensor, logits: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        objective = Objective("nll", weight, divergence_weight=beta)
        return objective(rgb, logits, target, mask, divergence_from_prior(mean, log_variance)).total

    def drawn() -> tuple[torch.Tensor, ...]:
        shapes = ((batch, 3, side, side), (batch, 2, side, side), (batch, latent), (batch, latent))
        return tuple(torch.randn(shape, generator=random) for shape in shapes)

    # They differ by the sign, the factor β and the Gaussian's constant, which a difference of two points takes away.
    one, two = drawn(), drawn()
    torch.testing.assert_close(ours(*one) - ours(*two), beta * (bound(*two) - bound(*one)), rtol=1e-4, atol=1e-3)
