"""Checks Kubernetes files against the models of the API that its Python client has: every key is known, and values have its type.

    check_kubernetes.py FILE...
"""

import re
import sys

import yaml
from kubernetes import client

# What the client does not have: Kubeflow's MPI Operator, deploy/v2beta1/mpi-operator.yaml in its repository.
KUBEFLOW = {
    "MPIJob": {"apiVersion": "str", "kind": "str", "metadata": "V1ObjectMeta", "spec": "MPIJobSpec"},
    "MPIJobSpec": {"launcherCreationPolicy": "str", "mpiImplementation": "str", "mpiReplicaSpecs": "dict(str, ReplicaSpec)",
                   "runLauncherAsWorker": "bool", "runPolicy": "RunPolicy", "slotsPerWorker": "int", "sshAuthMountPath": "str"},
    "ReplicaSpec": {"replicas": "int", "restartPolicy": "str", "template": "V1PodTemplateSpec"},
    "RunPolicy": {"activeDeadlineSeconds": "int", "backoffLimit": "int", "cleanPodPolicy": "str", "suspend": "bool",
                  "ttlSecondsAfterFinished": "int"},
}
PLAIN = {"str": str, "int": int, "bool": bool, "object": object, "float": (int, float), "datetime": object}


def kinds_of(model_name):
    """The type of each key of a model."""
    if model_name in KUBEFLOW:
        return KUBEFLOW[model_name]
    model = getattr(client, model_name)
    return {name: model.openapi_types[attribute] for attribute, name in model.attribute_map.items()}


def check(value, kind, place):
    """Yields what is wrong with a value."""
    if match := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
        if not isinstance(value, list):
            yield f"{place}: expected a list"
            return
        for number, item in enumerate(value):
            yield from check(item, match[1], f"{place}[{number}]")
    elif match := re.fullmatch(r"[Dd]ict[(\[]str, (.*)[)\]]", kind):
        for key, item in value.items():
            yield from check(item, match[1], f"{place}.{key}")
    elif kind in PLAIN:
        if not isinstance(value, PLAIN[kind]) or (kind == "int" and isinstance(value, bool)):
            yield f"{place}: is {value!r}; expected {kind}"
    else:
        kinds = kinds_of(kind)
        for key, item in value.items():
            if key in kinds:
                yield from check(item, kinds[key], f"{place}.{key}")
            else:
                yield f"{place}: {kind} has no {key}"


def main():
    problems = []
    for path in sys.argv[1:]:
        with open(path) as file:
            for document in yaml.safe_load_all(file):
                kind = document["kind"]
                problems += check(document, kind if kind in KUBEFLOW else f"V1{kind}", path)
    print("\n".join(problems) or f"{len(sys.argv) - 1} files are as the API has them")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
