"""End-to-end tests of real models behind endpoints, in processes of their own."""
