"""The daily load as a DAG (Airflow 2.4 or later): a temporary failure is tried again, any other one waits for a person.

DATABASE_URL, PGPASSFILE and the other variables come from the worker's environment; no secret stands here.
"""

import subprocess
from datetime import timedelta

import pendulum
from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

PIPELINE = "/opt/business-registry/pipeline.sh"
# The exit codes that the same command would end with again (README, "When something fails").
PERMANENT = {64, 65, 66, 69, 70, 74, 78}


@task(retries=6, retry_delay=timedelta(minutes=15), execution_timeout=timedelta(hours=4))
def load():
    code = subprocess.run([PIPELINE, "run"], check=False).returncode
    if code in PERMANENT:
        raise AirflowFailException(f"exit code {code}: the last lines of the log say what to do")
    if code != 0:  # 75 is temporary; a process that was killed left nothing half-published
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
