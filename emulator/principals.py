"""Service principals: the services that a policy may name.

AWS publishes no list. These are the principals that AWS's own managed policies, documentation and service-linked roles
name, by the last part of the name (``monitoring.rds`` counts as ``rds``), and botocore's services: a name that is in
neither is a mistake.
"""

import functools
import re

from botocore.loaders import Loader

_REGION = r"(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?"
_NAME = re.compile(rf"(?:[a-z0-9-]+\.)*?([a-z0-9-]+){_REGION}\.amazonaws\.com(?:\.cn)?", re.IGNORECASE)
# A service of botocore's that AWS refuses as a principal.
NOT = {"tagging"}
_TEXT = """
    a4b access-analyzer account account-access acm acm-pca aco-automation agent-registry aiops airflow
    airflow-env airflow-serverless amplify aoss apigateway app-integrations appfabric appflow
    application-autoscaling application-insights application-transformation appmesh apprunner appstream appsync
    aps arc-zonal-shift artifact athena auditmanager automation autoscaling autoscaling-plans
    autoscaling-warm-pool aws-artifact-account-sync aws-external-anthropic backup batch bcm bcm-data-exports
    bedrock bedrock-agentcore bedrock-mantle billing billingreports braket budgets bugbust cassandra
    cassandra-streams chatbot chime cleanrooms cleanrooms-ml cloud9 clouddirectory cloudformation cloudfront
    cloudhsm cloudsearch cloudtrail cloudwatch cloudwatch-crossaccount codeartifact codebuild codecatalyst
    codecatalyst-runner codecommit codeconnections codedeploy codeguru-profiler codeguru-reviewer
    codeguru-security codepipeline codestar codestar-connections codestar-notifications cognito-identity
    cognito-idp cognito-sync comprehend compute-optimizer config config-conforms config-multiaccountsetup
    connect connect-campaigns controltower costalerts cur custom-resource databrew dataexchange datapipeline
    datasync datazone datazonecontrol dax deeplens delivery detective devops-guru diode directconnect
    directory-service discovery dlm dms docdb-elastic drs ds dsql dynamodb dynamodbstreams ec ec2 ec2-images
    ec2-instance-connect ec2fastlaunch ec2fleet ec2scheduled ec2sqlha ecr ecr-public ecs ecs-compute ecs-tasks
    edge edgelambda eks eks-connector eks-fargate eks-fargate-pods eks-nodegroup elasticache elasticbeanstalk
    elasticfilesystem elasticloadbalancing elasticmapreduce elastictranscoder emr-containers emr-serverless
    entityresolution es events evs finops-agent finspace firehose fis fms forecast frauddetector freertos fsx
    fsx-lustre gamelift gamelift-streams glacier globalaccelerator glue grafana greengrass groundstation
    guardduty health healthlake honeycode iam imagebuilder importexport inspector inspector2 integrations
    internetmonitor invoicing iot iotanalytics iotevents iotmanagedintegrations iotroborunner iotsitewise
    iotthingsgraph iottwinmaker iq ivs kafka kafkaconnect kendra kinesis kinesisanalytics kms lakeformation
    lambda launchwizard lex lexv2 license-manager license-manager-user-subscriptions lightsail logs
    lookoutequipment lookoutmetrics lookoutvision lustre m2 machinelearning macie managedblockchain
    managedservices marketplace mediaconnect mediaconvert mediapackage mediastore mediatailor medical-imaging
    member-account memory-db memorydb metrics mgn migrationhub migrationhub-orchestrator migrationhub-strategy
    mobileanalytics mobilehub monitron mpa mq neptune neptune-graph network-firewall network-manager
    network-security-director network-security-manager networkmanager notifications oam observabilityadmin odb
    omics opensearchservice opsworks opsworks-cm organizations osis outposts panorama
    partnercentral-account-management partnercentral-selling payments pcs personalize pinpoint pipes profile
    proton purchaseorders q qapps qbusiness qldb quicksight ram rds rds-preview redshift redshift-data
    redshift-serverless refactor-spaces rekognition repostspace researchstudio resiliencehub resource-explorer-2
    resource-groups robomaker rolesanywhere route53 route53domains route53resolver rtbfabric s3 s3-outposts
    s3express s3tables sagemaker sagemaker-geospatial scheduler schemas secretsmanager security-ir securityagent
    securityhub securityhubv2 securitylake serverlessrepo servicecatalog servicecatalog-appregistry
    servicediscovery servicequotas ses shield signer signin sms sms-voice sns social-messaging spot spotfleet
    sqlworkbench sqs ssm ssm-contacts ssm-guiconnect ssm-incidents ssm-quicksetup ssm-sap sso states
    storagegateway sts support supportplans swf synthetics tag textract thinclient timestream
    timestream-influxdb transcribe transfer transform-custom transitgateway translate trustedadvisor tts
    verified-access verifiedpermissions vmie vpc-flow-logs vpc-lattice vpce waf waf-regional wafv2 wam
    wellarchitected workdocs worklink workmail workspaces workspaces-instances workspaces-web xray
"""
NAMES = frozenset(_TEXT.split())


def known(principal: str) -> bool:
    """Tell whether there is such a service principal, as far as can be told."""
    found = _NAME.fullmatch(principal)
    if not found:
        return principal.endswith(".aws.internal")
    return found[1].lower() in NAMES | _botocore()


@functools.cache
def _botocore() -> frozenset[str]:
    return frozenset(Loader().list_available_services("service-2")) - NOT
