"""CloudFront as AWS answers it."""


def test_default_certificate(aws, name):
    origin = {
        "Id": "o",
        "DomainName": "o.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    config = {
        "CallerReference": name, "Comment": "", "Enabled": False, "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"},
    }  # fmt: skip
    made = aws("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]
    certificate = made["DistributionConfig"]["ViewerCertificate"]
    assert (certificate["CloudFrontDefaultCertificate"], certificate["SSLSupportMethod"]) == (True, "vip")
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/c"
    config |= {
        "CallerReference": name + "-2",
        "ViewerCertificate": {
            "ACMCertificateArn": arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }
    made = aws("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]
    certificate = made["DistributionConfig"]["ViewerCertificate"]
    assert (certificate["CloudFrontDefaultCertificate"], certificate["SSLSupportMethod"]) == (False, "sni-only")
