"""The pages of the mailer: the plan, sending again, what a message says of itself, and the caught mails."""
