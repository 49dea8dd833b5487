"""What is settled on the quarter hours of the records: pure functions first, then plan, report and its forms."""
