"""in_terminal.py QUESTION ANSWER COMMAND...: runs COMMAND on a terminal of its own, types ANSWER and
Return once QUESTION is shown, passes on what it prints, and exits as it does."""
import os
import pty
import sys

question, answer, command = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown, answered = b"", False
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:  # the other end is closed
        break
    if not more:
        break
    shown += more
    sys.stdout.buffer.write(more)
    sys.stdout.buffer.flush()
    if not answered and question.encode() in shown:
        os.write(terminal, answer.encode() + b"\n")
        answered = True
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if answered else 3)
