"""CloudFront: its own certificate."""

from moto.cloudfront.models import ViewerCertificate

from emulator.patching import correction, replacing


@correction("cloudfront", "the default certificate comes with vip and TLSv1, and only where no other is given")
def default_certificate():
    @replacing(ViewerCertificate, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        if self.acm_certificate_arn or self.iam_certificate_id:
            self.cloud_front_default_certificate = False
            self.certificate = self.acm_certificate_arn or self.iam_certificate_id
            self.certificate_source = "acm" if self.acm_certificate_arn else "iam"
        else:
            self.ssl_support_method, self.minimum_protocol_version = "vip", "TLSv1"
