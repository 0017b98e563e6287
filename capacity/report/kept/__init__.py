"""What is kept between runs: results under keys that name everything they depend on."""
