"""SQS: attributes stay as they were set."""

from moto.sqs.models import Queue

from emulator.corrections import correction, replacing


@correction("sqs", "SetQueueAttributes changes only what it is given; policies come back as they were written")
def attributes():
    Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
    Queue.redrive_allow_policy = None
    Queue.redrive_policy_text = None

    @replacing(Queue, "_set_attributes")
    def set_attributes(original, self, attributes, now=None):
        attributes = dict(attributes)
        if "Policy" not in attributes:
            attributes["Policy"] = self.policy
        if attributes.get("KmsMasterKeyId"):
            attributes["SqsManagedSseEnabled"] = False
        elif str(attributes.get("SqsManagedSseEnabled")).lower() == "true":
            attributes["KmsMasterKeyId"] = None
        for key in ("Policy", "RedriveAllowPolicy"):  # an empty text removes a policy
            if key in attributes:
                attributes[key] = attributes[key] or None
        original(self, attributes, now)
        if "RedrivePolicy" in attributes:
            self.redrive_policy_text = attributes["RedrivePolicy"] or None
        if not self.redrive_policy:
            self.redrive_policy_text = None

    if not isinstance(Queue.attributes, property):
        raise AttributeError("Queue.attributes is no property")
    shown = Queue.attributes.fget

    def attributes(queue):
        answer = shown(queue)
        if isinstance(queue.redrive_policy_text, str):
            answer["RedrivePolicy"] = queue.redrive_policy_text
        return answer

    Queue.attributes = property(attributes)
