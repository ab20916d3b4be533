"""The daily load as a DAG (Airflow 2.4 or later). Temporary failures are retried; all others need an operator.

DATABASE_URL, PGPASSFILE and the other variables come from the worker's environment; this file holds no secret.
"""

import os
import signal
import subprocess
from datetime import timedelta

import pendulum
from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

PIPELINE = "/opt/business-registry/pipeline.sh"
# Exit codes for which a retry is useless (docs/troubleshooting.md).
PERMANENT = {64, 65, 66, 69, 70, 74, 78}
# Time for a run to stop after SIGTERM; then it is killed.
GRACE_SECONDS = 90


def run_pipeline():
    """Returns the exit code. If Airflow ends the task (time-out, or cleared by a user), the run is stopped, too."""
    process = subprocess.Popen([PIPELINE, "run"], start_new_session=True)
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            kill_session(process.pid)
            process.wait()
        raise


def kill_session(session):
    """Kills all processes of a session. Stages have their own process groups, but share the script's session."""
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


# execution_timeout applies to each attempt.
@task(retries=6, retry_delay=timedelta(minutes=15), execution_timeout=timedelta(hours=4))
def load():
    code = run_pipeline()
    if code in PERMANENT:
        raise AirflowFailException(f"exit code {code}: see the last lines of the log")
    if code != 0:  # 75 is temporary; a killed run has published nothing incomplete
        raise AirflowException(f"exit code {code}")


@dag(
    dag_id="business_registry",
    schedule="30 5 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Taipei"),
    catchup=False,
    max_active_runs=1,
)
def business_registry():
    load()


business_registry()
