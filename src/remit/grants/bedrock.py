"""Access to models of Amazon Bedrock: `bedrock.invoke("amazon.nova-lite-v1:0")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Bedrock" (Service Authorization Reference).
Converse and ConverseStream are authorised as InvokeModel and InvokeModelWithResponseStream. Models are given by id or
by ARN.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import AnyRef
from remit.errors import RemitError, writer
from remit.grants import typed
from remit.iam.policy import Condition

_MODEL: Final = "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/{}"
_ANY_REGION: Final = "arn:${AWS::Partition}:bedrock:*::foundation-model/{}"
_ACTIONS: Final = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


@verb
def invoke(model: AnyRef) -> typed.Grants:
    """Run a model, answered at once or as a stream: bedrock:InvokeModel, bedrock:InvokeModelWithResponseStream.

    RemitError (2): it is an inference profile.
    """
    from remit.catalogue.inference_profiles import geography_and_model, is_profile  # noqa: PLC0415 - few apps use Bedrock

    arn = typed.arn(model, "bedrock.invoke", _MODEL)
    name = arn.rpartition("/")[2]
    if is_profile(arn) or is_profile(name):
        parts = geography_and_model(name)
        arguments = f'"{name}"' if parts else f'"{name}", "MODEL"'
        raise RemitError(
            f"{name} is an inference profile, and bedrock.invoke takes a model",
            hint=f"write bedrock.invoke_profile({arguments}), which allows the profile and its model",
            origin=writer(),
        )
    return typed.grant(_ACTIONS, (arn,), f"runs model {arn.rpartition('/')[2]}")


@verb
def invoke_profile(profile: AnyRef, model: AnyRef | None = None) -> typed.Grants:
    """Run a model through an inference profile: bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream.

    On the profile, and on the model in every region to which the profile may send a request, by that profile alone
    ("Prerequisites for inference profiles", Amazon Bedrock User Guide). The id of a profile that AWS defines names its
    model (`us.amazon.nova-lite-v1:0`). RemitError (2): `model` is missing, and the id does not name it.
    """
    from remit.catalogue.inference_profiles import geography_and_model  # noqa: PLC0415 - few apps use Bedrock

    verb = "bedrock.invoke_profile"
    profile_arn = typed.arn(profile, verb, typed.HERE % ("bedrock", "inference-profile/{}"))
    if model is None:
        parts = geography_and_model(profile_arn)
        if parts is None:
            raise RemitError(
                f"{verb} needs the model behind {profile_arn.rpartition('/')[2]}, which its id does not say",
                hint=f'write {verb}(PROFILE, "MODEL")',
                origin=writer(),
            )
        model = parts[1]
    model_arn = typed.arn(model, verb, _ANY_REGION)
    because = f"runs model {model_arn.rpartition('/')[2]} by profile {profile_arn.rpartition('/')[2]}"
    by_profile = Condition("StringEquals", "bedrock:InferenceProfileArn", (profile_arn,))
    return (
        *typed.grant(_ACTIONS, (profile_arn,), because),
        *typed.grant(_ACTIONS, (model_arn,), because, by_profile),
    )


@verb
def guard(guardrail: AnyRef) -> typed.Grants:
    """Apply a guardrail: bedrock:ApplyGuardrail."""
    arn = typed.arn(guardrail, "bedrock.guard", typed.HERE % ("bedrock", "guardrail/{}"))
    return typed.grant(("bedrock:ApplyGuardrail",), (arn,), f"applies guardrail {arn.rpartition('/')[2]}")


@verb
def retrieve(knowledge_base: AnyRef) -> typed.Grants:
    """Search a knowledge base: bedrock:Retrieve."""
    arn = typed.arn(knowledge_base, "bedrock.retrieve", typed.HERE % ("bedrock", "knowledge-base/{}"))
    return typed.grant(("bedrock:Retrieve",), (arn,), f"searches knowledge base {arn.rpartition('/')[2]}")


@verb
def invoke_agent(agent: str, alias: str) -> typed.Grants:
    """Talk to an agent, by one alias of it: bedrock:InvokeAgent."""
    verb = "bedrock.invoke_agent"
    path = f"{typed.text_of(agent, verb)}/{typed.text_of(alias, verb)}"
    arn = typed.arn(path, verb, typed.HERE % ("bedrock", "agent-alias/{}"))
    return typed.grant(("bedrock:InvokeAgent",), (arn,), f"talks to agent {path}")
