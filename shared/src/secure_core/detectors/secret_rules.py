"""What credentials look like: data only, a row per form, written from what their providers document.

`FORMATS` are recognisable by themselves: a prefix, a marker, a structure. `NAMED` are plain random strings,
recognisable only beside their provider's name and a word like key, token or secret.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FORMATS", "NAMED", "Format", "Named"]


@dataclass(frozen=True, slots=True)
class Format:
    """A credential that is recognisable by its shape.

    ``pattern`` (RE2) describes the value from end to end; word borders are added around it. With a group called
    ``value`` it describes the surroundings too, and only that group is the secret.
    """

    kind: str
    pattern: str
    score: float = 0.99
    entropy: float = 3.0
    """Shannon entropy, in bits per character, below which a value is taken for a placeholder."""
    check: str = ""
    """Which of `secure_core.detectors.secret_values.CHECKS` has the last word."""


@dataclass(frozen=True, slots=True)
class Named:
    """A credential that is recognisable by its shape beside its provider's name.

    ``provider`` lists names in lower case and in one word, ``|`` between them: ``newrelic`` stands for NEW_RELIC,
    newRelic, new-relic and NewRelic, too.
    """

    provider: str
    kind: str
    shape: str
    score: float = 0.9


_UUID = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_HEX32 = "[0-9A-Fa-f]{32}"
_HEX40 = "[0-9A-Fa-f]{40}"
_HEX64 = "[0-9A-Fa-f]{64}"
_ALNUM32 = "[0-9A-Za-z]{32}"
_B64URL = "[0-9A-Za-z_-]"
_PEM_BEGIN = "-{4,5} ?BEGIN (?:[0-9A-Z]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}"
_PEM_WHOLE = "(?:[^-]|-[^-])*-{4,5} ?END [0-9A-Z ]{0,40}-{4,5}"
_PEM_CUT_OFF = "(?:(?:\\s|\\\\[nr])*[0-9A-Za-z-]+: [^\\n\\\\]*)*(?:[0-9A-Za-z+/=\\s]|\\\\[nr])*"
_PEM = f"(?P<value>{_PEM_BEGIN}(?:{_PEM_WHOLE}|{_PEM_CUT_OFF}))"
_LOGIN_IN_URL = "[A-Za-z][0-9A-Za-z+.-]*://[^\\s:/?#@\"'<>]*:(?P<value>[^\\s/?#@\"'<>]{3,})@[0-9A-Za-z\\[]"
_CURL_USER = "\\bcurl\\b(?:[^\\n]|\\\\\\n)*?\\s(?:-u|--user)[ =]?[\"']?[^\\s:\"']+:(?P<value>[^\\s\"']{3,})"
_NETRC = "\\bmachine\\s+\\S+\\s+login\\s+\\S+\\s+password\\s+(?P<value>\\S+)"
_AUTHORIZATION = "(?i)\\bauthorization[\"']?\\s*[:=,]\\s*[\"']?(?:[a-z-]{1,20}\\s+)?(?P<value>[0-9a-z_.~+/-]{16,}=*)"
_NAME = "(?:password|passwd|passphrase|passcode|passwort|kennwort|pwd)"
_NAME_ABROAD = (
    "(?:(?:密码|密碼|パスワード|비밀번호|كلمة المرور)[\\s:=：是は]{0,4}"
    "|(?:[Пп]ароль|\\b(?:[Cc]ontraseña|[Mm]ot de passe|[Ss]enha|[Ww]achtwoord))[\\s:=]{1,4})"
)
_PRINTED = "[!#-&(-_a-~]{5,}[!#-&*+/-9<-_a-~]"
"""Printable ASCII without quotes, not ending in what ends a clause."""
_LOGIN_TOLD = (
    "(?i)(?:credentials?|creds|log-?ins?|passwords?)\\b[^\\n]{0,40}?"
    "[0-9a-z_.+-]+@[0-9a-z.-]+\\s*[/:|]\\s*(?P<value>" + _PRINTED + ")"
)

FORMATS: tuple[Format, ...] = (
    # Clouds and hosting
    Format("aws_access_key", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    Format("aws_bedrock_key", "ABSK[A-Za-z0-9+/]{109,269}={0,2}"),
    Format("aws_bedrock_key", "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/]*={0,2}", entropy=4.0),
    Format("aws_session_token", "(?:FwoGZXIvYXdz|IQoJb3JpZ2luX2Vj|FQoGZXIvYXdz)[0-9A-Za-z/+]{100,}={0,2}"),
    Format("aws_appsync_key", "da2-[a-z0-9]{26}"),
    Format("aws_mws_token", f"amzn\\.mws\\.{_UUID}"),
    Format("gcp_api_key", "AIza[0-9A-Za-z_-]{35}"),
    Format("gcp_oauth_secret", "GOCSPX-[0-9A-Za-z_-]{28}"),
    Format("gcp_oauth_token", "ya29\\.[0-9A-Za-z_-]{20,}"),
    Format("gcp_refresh_token", "1//0[0-9A-Za-z_-]{40,}"),
    Format("gcp_storage_key", "GOOG(?:1E[0-9A-Z]{55}|[0-9A-Z]{20})", entropy=3.5),
    Format("gcp_authorization_code", "4/0A[0-9A-Za-z_-]{60,}"),
    Format("firebase_server_key", "AAAA[0-9A-Za-z_-]{7}:[0-9A-Za-z_-]{140}"),
    Format("recaptcha_secret", "6L[0-9A-Za-z_-]{6}AAAAA[0-9A-Za-z_-]{27}"),
    Format("azure_client_secret", "[0-9A-Za-z_~.-]{3}[0-9]Q~[0-9A-Za-z_~.-]{31,34}"),
    Format("azure_key", "[0-9A-Za-z+/]{76}(?:APIM|ACDb|\\+ABa|\\+AMC|\\+ASt)[0-9A-Za-z+/]{5}[AQgw]=="),
    Format("azure_key", "[0-9A-Za-z+/]{33}(?:AIoT|\\+ASb|\\+AEh|\\+ARm)[A-P][0-9A-Za-z+/]{5}="),
    Format("azure_key", "[0-9A-Za-z_-]{44}AzFu[0-9A-Za-z_-]{5}[AQgw]=="),
    Format("azure_key", "[0-9A-Za-z]{42}AzSe[A-D][0-9A-Za-z]{5}"),
    Format("azure_key", "[0-9A-Za-z+/]{42}\\+ACR[A-D][0-9A-Za-z+/]{5}"),
    Format("azure_key", "[0-9A-Za-z]{52}JQQJ9[9D][0-9A-Za-z]{26}"),
    Format("azure_storage_key", "AccountKey=(?P<value>[0-9A-Za-z+/]{86}==)"),
    Format("azure_sas", "[?&;]sig=(?P<value>[0-9A-Za-z%/+]{43,90}(?:=|%3[Dd]))"),
    Format("azure_devops_token", "[0-9A-Za-z]{76}AZDO[0-9A-Za-z]{4}"),
    Format("digitalocean_token", "do[oprt]_v1_[0-9a-f]{64}"),
    Format("heroku_api_key", f"HRKU-(?:AA[0-9A-Za-z_-]{{58}}|{_UUID})"),
    Format("alibaba_access_key", "LTAI[0-9A-Za-z]{12,20}"),
    Format("tencent_secret_id", "AKID[0-9A-Za-z]{32}"),
    Format("yandex_token", "t1\\.[0-9A-Za-z_-]+=*\\.[0-9A-Za-z_-]{86}=*"),
    Format("yandex_api_key", "AQVN[0-9A-Za-z_-]{35,38}"),
    Format("yandex_oauth_token", "y0_[0-9A-Za-z_-]{50,}"),
    Format("yandex_access_key", "YC[0-9A-Za-z_-]{38}", score=0.9, entropy=3.5, check="random"),
    Format("scaleway_access_key", "SCW[0-9A-Z]{17}"),
    Format("exoscale_key", "EXO[0-9a-f]{24}"),
    Format("render_api_key", "rnd_[0-9A-Za-z]{28,40}", check="random"),
    Format("netlify_token", "nfp_[0-9A-Za-z]{36}"),
    Format("vercel_blob_token", "vercel_blob_rw_[0-9A-Za-z]{16}_[0-9A-Za-z]{30,40}"),
    Format("flyio_token", "(?:fo1_[0-9A-Za-z_-]{43}|fm[12][ar]?_[0-9A-Za-z+/]{100,}={0,3})"),
    Format("cloudflare_token", "cf(?:k|ut|at)_[0-9A-Za-z]{40,56}"),
    Format("cloudflare_origin_ca_key", "v1\\.0-[0-9a-f]{24}-[0-9a-f]{146}"),
    Format("scalingo_token", "tk-us-[0-9A-Za-z_-]{48}"),
    Format("openshift_token", "sha256~[0-9A-Za-z_-]{43}"),
    Format("tailscale_key", "tskey-(?:api|auth|client|scim|webhook)-[0-9A-Za-z]{8,}-[0-9A-Za-z]{20,}"),
    Format("defined_networking_token", "dnkey-[0-9A-Za-z_-]{26}-[0-9A-Za-z_-]{52}"),
    # Databases and data
    Format("databricks_token", "(?:dapi|dose|dkea|dsap)[0-9a-f]{32}(?:-[0-9])?"),
    Format("planetscale_token", "pscale_(?:tkn|oauth|pw)_[0-9A-Za-z._-]{32,64}"),
    Format("supabase_token", "(?:sbp_[0-9a-f]{40}|sb_secret_[0-9A-Za-z_-]{31})"),
    Format("neon_api_key", "napi_[0-9a-z]{64}"),
    Format("mongodb_service_secret", "mdb_sa_sk_[0-9A-Za-z_-]{40}"),
    Format("clickhouse_key", "4b1d[0-9A-Za-z]{38}", entropy=3.5),
    Format("confluent_secret", "cflt[0-9A-Za-z+/]{60}"),
    Format("pinecone_api_key", "pcsk_[0-9A-Za-z]{5,6}_[0-9A-Za-z]{63}"),
    Format("airtable_token", "pat[0-9A-Za-z]{14}\\.[0-9a-f]{64}"),
    Format("aiven_token", "(?:AVNS_[0-9A-Za-z_-]{19}|aivenv1[0-9A-Za-z+/]{300,}={0,2})"),
    Format("elastic_api_key", "essu_[0-9A-Za-z+/]{40,}={0,2}"),
    # Code hosts, builds and packages
    Format("github_token", "gh[pousr]_[0-9A-Za-z]{36}"),
    Format("github_token", "github_pat_[0-9A-Za-z_]{82}"),
    Format("gitlab_token", "gl(?:pat|dt|rt|rtr|ft|ffct|soat|imt|wt)-(?:[a-z0-9]_)?[0-9A-Za-z_-]{20,27}"),
    Format("gitlab_token", "gl(?:pat|rt|rtr)-(?:t[0-9]_)?[0-9A-Za-z_-]{27,300}\\.[0-9a-z]{2}\\.?[0-9a-z]{7,9}"),
    Format("gitlab_token", "gl(?:agent-[0-9A-Za-z_-]{50}|oas-[0-9A-Za-z_-]{64}|ptt-[0-9a-f]{40})"),
    Format("gitlab_token", "glcbt-[0-9A-Za-z]{1,5}_[0-9A-Za-z_-]{20}"),
    Format("gitlab_token", "GR1348941[0-9A-Za-z_-]{20}"),
    Format("gitlab_session", "_gitlab_session=(?P<value>[0-9a-z]{32})"),
    Format("atlassian_token", "AT(?:ATT|CTT)3[0-9A-Za-z_=-]{150,250}"),
    Format("bitbucket_app_password", "ATBB[0-9A-Za-z]{32}"),
    Format("trello_token", "ATTA[0-9a-f]{64,72}"),
    Format("circleci_token", "CCIP(?:AT|RJ)_[0-9A-Za-z]{22}_[0-9a-f]{40}"),
    Format("buildkite_token", "bk(?:ua|ct|pat|at)_[0-9a-f]{40}"),
    Format("sonar_token", "sq[uap]_[0-9A-Za-z]{40}"),
    Format("snyk_token", "snyk_(?:uat|sat)\\.[0-9a-z]{8}\\.[0-9A-Za-z_.-]{60,}"),
    Format("pulumi_token", "pul-[0-9a-f]{40}"),
    Format("terraform_token", "[0-9A-Za-z]{14}\\.atlasv1\\.[0-9A-Za-z_-]{60,70}"),
    Format("vault_token", "hv[sbr]\\.[0-9A-Za-z_-]{24,300}"),
    Format("vault_token", "s\\.[0-9A-Za-z]{24}", score=0.8, entropy=3.6, check="random"),
    Format("doppler_token", "dp\\.(?:pt|ct|sa|scim|audit)\\.[0-9A-Za-z]{40,44}"),
    Format("doppler_token", "dp\\.st\\.(?:[0-9a-z_-]{2,35}\\.)?[0-9A-Za-z]{40,44}"),
    Format("onepassword_token", "ops_eyJ[0-9A-Za-z+/]{200,}={0,3}"),
    Format("onepassword_secret_key", "A3-[0-9A-Z]{6}-(?:[0-9A-Z]{11}|[0-9A-Z]{6}-[0-9A-Z]{5})(?:-[0-9A-Z]{5}){3}"),
    Format("harness_token", "(?:pat|sat)\\.[0-9A-Za-z_-]{22}\\.[0-9A-Za-z]{24}\\.[0-9A-Za-z]{20}"),
    Format("octopus_api_key", "API-[0-9A-Z]{26}", check="random"),
    Format("postman_api_key", "PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    Format("prefect_token", "pn[ub]_[0-9A-Za-z]{36}"),
    Format("sourcegraph_token", "sgp_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}"),
    Format("sourcegraph_token", "slk_[0-9a-f]{64}"),
    Format("npm_token", "npm_[0-9A-Za-z]{36}"),
    Format("pypi_token", "pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[0-9A-Za-z_-]{50,}"),
    Format("rubygems_token", "rubygems_[0-9a-f]{48}"),
    Format("clojars_token", "CLOJARS_[0-9a-zA-Z]{60}"),
    Format("crates_io_token", "cio[0-9A-Za-z]{32}", score=0.9, entropy=3.6, check="random"),
    Format("nuget_api_key", "oy2[a-z0-9]{43}"),
    Format("docker_token", "dckr_[op]at_[0-9A-Za-z_-]{27,32}"),
    Format("artifactory_token", "AKCp[0-9A-Za-z]{69}"),
    Format("artifactory_token", "cmVmd[0-9A-Za-z]{59}"),
    Format("launchdarkly_key", f"(?:api|sdk)-{_UUID}"),
    Format("infracost_api_key", "ico-[0-9A-Za-z]{32}"),
    Format("settlemint_token", "sm_(?:aat|pat|sat)_[0-9A-Za-z]{16}"),
    Format("infisical_token", "st\\.[0-9a-f]{24}\\.[0-9a-f]{32}\\.[0-9a-f]{32}"),
    Format("figma_token", "fig[dour]_[0-9A-Za-z_-]{40}"),
    # Models and their tools
    Format("openai_key", "sk-(?:(?:proj|svcacct|admin)-)?[0-9A-Za-z_-]{20,}T3BlbkFJ[0-9A-Za-z_-]{20,}"),
    Format("openai_key", "sk-(?:proj|svcacct|admin)-[0-9A-Za-z_-]{40,}"),
    Format("anthropic_key", "sk-ant-(?:api|admin|oat|ort|sid)[0-9]{2}-[0-9A-Za-z_-]{93,110}AA", entropy=3.5),
    Format("openrouter_key", "sk-or-v1-[0-9a-f]{64}"),
    Format("langfuse_key", f"sk-lf-{_UUID}"),
    Format("api_key", "sk-(?:[0-9A-Za-z]{48,64}|[0-9A-Fa-f]{32})", score=0.95),
    Format("huggingface_token", "hf_[0-9A-Za-z]{34,40}", entropy=3.5),
    Format("huggingface_token", "api_org_[A-Za-z]{34}", entropy=3.5),
    Format("perplexity_key", "pplx-[0-9A-Za-z]{48}"),
    Format("groq_key", "gsk_[0-9A-Za-z]{52}"),
    Format("xai_key", "xai-[0-9A-Za-z]{80}"),
    Format("replicate_token", "r8_[0-9A-Za-z]{37}"),
    Format("nvidia_api_key", "nvapi-[0-9A-Za-z_-]{60,70}"),
    Format("together_key", "tgp_v1_[0-9A-Za-z_-]{43}"),
    Format("fireworks_key", "fw_[0-9A-Za-z]{22,24}", check="random"),
    Format("voyage_key", "pa-[0-9A-Za-z_-]{43}", score=0.9, entropy=3.8, check="random"),
    Format("jina_key", "jina_[0-9a-f]{32}[0-9A-Za-z_-]{28}"),
    Format("cerebras_key", "csk-[0-9a-z]{48}"),
    Format("llamacloud_key", "llx-[0-9A-Za-z]{48}"),
    Format("elevenlabs_key", "sk_[0-9a-f]{48}"),
    Format("langsmith_key", "(?:lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}|ls__[0-9a-f]{32})"),
    Format("tavily_key", "tvly-(?:dev-|prod-)?[0-9A-Za-z]{32}"),
    Format("firecrawl_key", "fc-[0-9a-f]{32}"),
    Format("apify_token", "apify_api_[0-9A-Za-z]{36}"),
    Format("e2b_key", "e2b_[0-9a-f]{40}"),
    # Messages and mail
    Format("slack_token", "xox[bp]-[0-9]{8,14}-[0-9A-Za-z-]{10,}", entropy=2.5),
    Format("slack_token", "xox[aeors]-(?:[0-9]-)?(?:[0-9]{4,}-[0-9A-Za-z-]{10,}|[0-9A-Za-z]{20,48})", entropy=2.5),
    Format("slack_token", "xox[cd]-[0-9A-Za-z%-]{30,}"),
    Format("slack_token", "xoxe(?:\\.xox[bp])?-[0-9]-[0-9A-Za-z]{140,}"),
    Format("slack_token", "xapp-[0-9]-[0-9A-Za-z]{8,}-[0-9]{8,}-[0-9A-Za-z]{32,}"),
    Format("slack_webhook", "hooks\\.slack\\.com/(?:services|workflows|triggers)/(?P<value>[0-9A-Za-z+/]{40,60})"),
    Format("discord_token", "[MNO][0-9A-Za-z_-]{23,25}\\.[0-9A-Za-z_-]{6}\\.[0-9A-Za-z_-]{27,38}", check="discord"),
    Format("discord_webhook", "discord(?:app)?\\.com/api/webhooks/[0-9]{17,20}/(?P<value>[0-9A-Za-z_-]{60,72})"),
    Format("telegram_token", "[0-9]{5,16}:A[0-9A-Za-z_-]{34}", entropy=3.5),
    Format("teams_webhook", f"office\\.com/webhookb2/(?P<value>{_UUID}@{_UUID}/IncomingWebhook/{_HEX32}/{_UUID})"),
    Format("twilio_api_key", "SK[0-9a-f]{32}"),
    Format("sendgrid_key", "SG\\.[0-9A-Za-z_-]{16,32}\\.[0-9A-Za-z_-]{16,64}"),
    Format("mailgun_key", "(?:pub)?key-[0-9a-f]{32}"),
    Format("mailgun_key", "[0-9a-h]{32}-[0-9a-h]{8}-[0-9a-h]{8}"),
    Format("mailchimp_key", "[0-9a-f]{32}-us[0-9]{1,2}"),
    Format("mandrill_key", "md-[0-9A-Za-z_-]{22}", score=0.9, entropy=3.5, check="random"),
    Format("brevo_key", "x(?:key|smtp)sib-[0-9a-f]{64}-[0-9A-Za-z]{16}"),
    Format("resend_key", "re_[0-9A-Za-z]{8}_[0-9A-Za-z]{24}", check="random"),
    Format("onesignal_key", "os_v2_(?:app|org)_[a-z2-7]{80,}"),
    Format("zapier_webhook", "hooks\\.zapier\\.com/hooks/catch/(?P<value>[0-9]+/[0-9a-z]{6,})", entropy=2.5),
    # Payment and commerce
    Format("stripe_key", "[sr]k_(?:live|test|prod)_[0-9A-Za-z]{10,247}"),
    Format("stripe_webhook_secret", "whsec_[0-9A-Za-z+/]{32,}={0,2}"),
    Format("square_token", "(?:EAAA[0-9A-Za-z_-]{60}|sq0(?:atp|csp|idp|idb)-[0-9A-Za-z_-]{22,60})"),
    Format("braintree_token", "access_token\\$(?:production|sandbox)\\$[0-9a-z]{16}\\$[0-9a-f]{32}"),
    Format("plaid_token", f"access-(?:sandbox|development|production)-{_UUID}"),
    Format("razorpay_key", "rzp_(?:live|test)_[0-9A-Za-z]{14}"),
    Format("flutterwave_key", "FLW(?:PUB|SEC)K(?:_(?:TEST|LIVE))?-(?:[0-9a-hA-H]{32}-X|[0-9a-hA-H]{12})"),
    Format("lob_key", "(?:live|test)_(?:[0-9a-f]{35}|pub_[0-9a-f]{31})"),
    Format("shippo_token", "shippo_(?:live|test)_[0-9a-f]{40}"),
    Format("easypost_key", "EZ[AT]K[0-9A-Za-z]{54}", entropy=3.5),
    Format("duffel_token", "duffel_(?:test|live)_[0-9A-Za-z_-]{43}"),
    Format("shopify_token", "shp(?:at|ca|pa|ss|ua|ka)_[0-9a-fA-F]{32}"),
    Format("paddle_key", "pdl_(?:live|sdbx)_apikey_[0-9a-z]{26}_[0-9A-Za-z]{22}_[0-9A-Za-z]{3}"),
    Format("polar_token", "polar_(?:oat|pat|at_[uo])_[0-9A-Za-z]{32,}"),
    # Watching systems
    Format("newrelic_key", "NR(?:AK|BR)-[0-9A-Za-z]{27,42}"),
    Format("newrelic_key", "NR(?:JS-[0-9a-f]{19}|II-[0-9A-Za-z_-]{32}|AA-[0-9a-f]{27}|RA-[0-9a-f]{42})"),
    Format("newrelic_license_key", "[0-9a-f]{36}NRAL"),
    Format("grafana_token", "glc_[0-9A-Za-z+/]{32,400}={0,3}"),
    Format("grafana_token", "glsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}"),
    Format("grafana_token", "eyJrIjoi[0-9A-Za-z+/]{56,400}={0,3}"),
    Format("sentry_token", "sntrys_eyJ[0-9A-Za-z+/=]{40,}_[0-9A-Za-z+/]{40,}"),
    Format("sentry_token", "sntryu_[0-9a-f]{64}"),
    Format("dynatrace_token", "dt0[a-z][0-9]{2}\\.[0-9A-Za-z]{24}\\.[0-9A-Za-z]{64}"),
    Format("honeycomb_key", "hc[abx][il]k_[0-9a-z]{58}"),
    Format("uptimerobot_key", "u[0-9]{6,8}-[0-9a-f]{24}"),
    Format("posthog_key", "phx_[0-9A-Za-z]{43,48}"),
    Format("axiom_token", f"xa[ap]t-{_UUID}"),
    Format("mapbox_token", "[sp]k\\.[0-9A-Za-z_-]{60,}\\.[0-9A-Za-z_-]{22}"),
    # Offices, shops and the rest
    Format("linear_key", "lin_(?:api|oauth)_[0-9A-Za-z]{40,64}"),
    Format("notion_token", "(?:secret_[0-9A-Za-z]{43}|ntn_[0-9]{11}[0-9A-Za-z]{32,35})"),
    Format("asana_token", "[12]/[0-9]{16}(?:/[0-9]{16})?:[0-9a-f]{32}"),
    Format("clickup_token", "pk_[0-9]{6,9}_[0-9A-Z]{32}"),
    Format("typeform_token", "tfp_[0-9A-Za-z._-]{44,59}"),
    Format("dropbox_token", "sl\\.[0-9A-Za-z_-]{130,}"),
    Format("contentful_token", "CFPAT-[0-9A-Za-z_-]{43}"),
    Format("gitbook_token", "gb_api_[0-9A-Za-z]{40}"),
    Format("wakatime_key", f"waka_{_UUID}"),
    Format("pubnub_key", f"sec-c-(?:{_UUID}|[0-9A-Za-z]{{48}})"),
    Format("deepl_key", f"{_UUID}:fx"),
    Format("readme_key", "rdme_[0-9a-z]{70}"),
    Format("hubspot_token", f"pat-(?:na|eu)[0-9]-{_UUID}"),
    Format("salesforce_token", "00D[0-9A-Za-z]{12,15}![0-9A-Za-z_.]{80,}"),
    Format("frameio_token", "fio-u-[0-9A-Za-z_-]{64}"),
    Format("adafruit_key", "aio_[0-9A-Za-z]{28}"),
    Format("adobe_client_secret", "p8e-[0-9A-Za-z]{32}"),
    Format("intra42_secret", "s-s4t2(?:ud|af)-[0-9a-fA-F]{64}"),
    Format("maxmind_license_key", "[0-9A-Za-z]{6}_[0-9A-Za-z]{29}_mmk"),
    Format(
        "authress_key",
        "(?:sc|ext|scauth|authress)_[0-9A-Za-z]{5,30}\\.[0-9A-Za-z]{4,6}"
        "\\.acc[_-][0-9A-Za-z-]{10,32}\\.[0-9A-Za-z+/_=-]{30,120}",
    ),
    Format("facebook_token", "EAA[A-Z][0-9A-Za-z]{100,}"),
    Format("facebook_token", "[0-9]{15,16}(?:\\||%7C)[0-9A-Za-z_-]{27,40}", score=0.9, entropy=3.5),
    Format("instagram_token", "IGQ[WV][0-9A-Za-z_-]{100,}"),
    Format("twitter_bearer_token", "A{22}[0-9A-Za-z%]{80,100}", entropy=2.5),
    Format(
        "sidekiq_credential",
        "(?i)BUNDLE_(?:GEMS|ENTERPRISE)__CONTRIBSYS__COM\\W{1,8}(?P<value>[0-9a-f]{8}:[0-9a-f]{8})",
        entropy=2.0,
    ),
    Format(
        "sidekiq_credential", "//(?P<value>[0-9a-f]{8}:[0-9a-f]{8})@(?:gems|enterprise)\\.contribsys\\.com", entropy=2.0
    ),
    # Whoever it is from
    Format("api_key", "[a-z]{2,12}_(?:live|test|prod|sandbox)_[0-9A-Za-z]{20,}", score=0.9, check="random"),
    Format("secret_token", "secret-token:(?P<value>[0-9A-Za-z._~%!$&*+/-]{8,})", check="lettered"),  # RFC 8959
    # Keys that are written as such
    Format("age_key", "AGE-SECRET-KEY-1[AC-HJ-NP-Z02-9]{58}"),
    Format("bitcoin_key", "[xyz]prv[1-9A-HJ-NP-Za-km-z]{107}"),
    Format(
        "password_hash",
        "(?P<value>\\$(?:2[aby]\\$[0-9]{2}\\$[./0-9A-Za-z]{53}|(?:1|apr1)\\$[./0-9A-Za-z]{1,8}\\$[./0-9A-Za-z]{22}"
        "|[56]\\$(?:rounds=[0-9]+\\$)?[./0-9A-Za-z]{1,16}\\$[./0-9A-Za-z]{43,86}"
        "|argon2id?\\$v=[0-9]+\\$m=[0-9]+,t=[0-9]+,p=[0-9]+\\$[+/0-9A-Za-z]{11,}\\$[+/0-9A-Za-z]{20,}))",
    ),
    Format("private_key", _PEM, check="key_body"),
    Format("private_key", "(?P<value>PuTTY-User-Key-File-[0-9]+:(?s:.)*?Private-(?:MAC|Hash): [0-9a-f]{40,64})"),
    Format("private_key", "Private-Lines: [0-9]+\\s+(?P<value>[0-9A-Za-z+/=\\s]{40,})", check="key_body"),
    Format("jwt", f"eyJ{_B64URL}{{8,}}\\.{_B64URL}{{8,}}\\.{_B64URL}*(?:\\.{_B64URL}+){{0,2}}", check="jwt"),
    Format("jwt", "ZXlK[0-9A-Za-z+/_-]{60,}={0,2}", check="wrapped_jwt"),
    # Logins: in addresses, commands and headers
    Format("url_credentials", _LOGIN_IN_URL, score=0.9, entropy=1.5, check="password"),
    Format("password", _CURL_USER, score=0.9, entropy=1.5, check="password"),
    Format("password", _NETRC, score=0.9, entropy=1.5, check="password"),
    Format("basic_auth", "(?i)\\bbasic[ ]+(?P<value>[0-9a-z+/]{8,}={0,2})", score=0.9, entropy=2.0, check="basic"),
    Format("bearer_token", "(?i)\\b(?:bearer|token)[ ]+(?P<value>[0-9a-z_.~+/-]{16,}=*)", score=0.8, check="random"),
    Format("authorization", _AUTHORIZATION, score=0.8, check="random"),
    # Passwords as people and programs tell them
    Format("password", f"(?i)\\b{_NAME}[ \\t]+[\"'`“‘«]?(?P<value>{_PRINTED})", 0.7, 1.5, "strong"),
    Format("password", f"{_NAME_ABROAD}[\"'“«「]?(?P<value>{_PRINTED})", 0.7, 1.5, "lettered"),
    Format("password", f"(?i)[\"']{_NAME}[\"']\\s*:\\s*[\"'](?P<value>{_PRINTED})[\"']", 0.5, 2.0, "unlabelled"),
    Format("password", _LOGIN_TOLD, score=0.6, entropy=1.5, check="strong"),
)

NAMED: tuple[Named, ...] = (
    Named("adafruit", "adafruit_key", "[0-9A-Za-z_-]{32}"),
    Named("adobe", "adobe_client_id", _HEX32, 0.6),
    Named("airtable", "airtable_token", "[0-9A-Za-z]{17}"),
    Named("algolia", "algolia_key", _ALNUM32),
    Named("alibaba|aliyun", "alibaba_secret", "[0-9A-Za-z]{30}"),
    Named("amplitude", "amplitude_key", _HEX32),
    Named("asana", "asana_client_id", "[0-9]{16}", 0.6),
    Named("asana", "asana_client_secret", _ALNUM32),
    Named("atlassian|confluence|jira", "atlassian_token", "[0-9A-Za-z]{24}"),
    Named("auth0", "auth0_secret", "[0-9A-Za-z_-]{64}"),
    Named("aws|amazon|secretaccesskey", "aws_secret_key", "[0-9A-Za-z/+]{40}"),
    Named("azure|cognitive|openai", "azure_key", "[0-9a-f]{32}"),
    Named("beamer", "beamer_key", "b_[0-9A-Za-z_-]{44}"),
    Named("binance", "binance_key", "[0-9A-Za-z]{64}"),
    Named("bitbucket", "bitbucket_client_id", _ALNUM32, 0.6),
    Named("bitbucket", "bitbucket_client_secret", "[0-9A-Za-z_-]{64}"),
    Named("bittrex", "bittrex_key", _ALNUM32),
    Named("bugsnag|rollbar|honeybadger|airbrake", "error_tracker_key", _HEX32),
    Named("cloudflare", "cloudflare_key", "(?:[0-9A-Za-z_-]{40}|[0-9a-f]{37})"),
    Named("codecov", "codecov_token", f"(?:{_ALNUM32}|{_UUID})"),
    Named("cohere|co", "cohere_key", "[0-9A-Za-z]{40}"),
    Named("cloudant|softlayer", "ibm_api_key", "(?:[0-9a-z]{64}|[0-9a-z]{24})"),
    Named("coinbase", "coinbase_key", "[0-9A-Za-z_-]{64}"),
    Named("confluent", "confluent_key", "[0-9A-Za-z]{16}"),
    Named("confluent", "confluent_secret", "[0-9A-Za-z+/]{64}"),
    Named("contentful", "contentful_token", "[0-9A-Za-z_-]{43}"),
    Named("datadog|dd", "datadog_key", "(?:[0-9A-Za-z]{40}|[0-9a-f]{32})"),
    Named("deepgram", "deepgram_key", _HEX40),
    Named("discord", "discord_token", _HEX64),
    Named("discord", "discord_client_id", "[0-9]{17,19}", 0.6),
    Named("discord", "discord_client_secret", "[0-9A-Za-z_-]{32}"),
    Named("droneci|drone", "drone_token", _ALNUM32),
    Named("dropbox", "dropbox_secret", "[0-9a-z]{15}"),
    Named("dropbox", "dropbox_token", "[0-9A-Za-z_-]{11}AAAAAAAAAA[0-9A-Za-z_-]{43}"),
    Named("ethereum|eth|wallet", "ethereum_key", f"(?:0x)?{_HEX64}"),
    Named("etsy", "etsy_token", "[0-9A-Za-z]{24}"),
    Named("facebook|fb", "facebook_secret", _HEX32),
    Named("fastly", "fastly_token", "[0-9A-Za-z_-]{32}"),
    Named("finicity", "finicity_token", _HEX32),
    Named("finicity", "finicity_client_secret", "[0-9A-Za-z]{20}"),
    Named("finnhub", "finnhub_token", "[0-9A-Za-z]{20}"),
    Named("flickr", "flickr_token", _ALNUM32),
    Named("freemius", "freemius_secret", "sk_[^\\s\"'`]{29}"),
    Named("freshbooks", "freshbooks_token", "[0-9A-Za-z]{64}"),
    Named("gitter", "gitter_token", "[0-9A-Za-z_-]{40}"),
    Named("gocardless", "gocardless_token", "(?:live|sandbox)_[0-9A-Za-z_-]{40}"),
    Named("grafana", "grafana_token", "[0-9A-Za-z+/]{60,}={0,2}"),
    Named("heroku", "heroku_api_key", _UUID),
    Named("hetzner|linode|vultr|ovh|render|vercel|railway", "hosting_token", "[0-9A-Za-z]{24,64}"),
    Named("honeycomb", "honeycomb_key", "(?:[0-9a-f]{32}|[0-9A-Za-z]{22})"),
    Named("hubspot", "hubspot_token", _UUID),
    Named("ibm", "ibm_api_key", "[0-9A-Za-z_-]{44}"),
    Named("intercom", "intercom_token", "[0-9A-Za-z_-]{60}"),
    Named("jenkins", "jenkins_token", "(?:11)?[0-9a-f]{32}"),
    Named("jfrog|artifactory|bintray|xray", "jfrog_token", "(?:[0-9A-Za-z]{73}|[0-9A-Za-z]{64})"),
    Named("kraken", "kraken_key", "[0-9A-Za-z/=_+-]{80,90}"),
    Named("kucoin", "kucoin_key", f"(?:[0-9a-f]{{24}}|{_UUID})"),
    Named("launchdarkly", "launchdarkly_key", "[0-9A-Za-z_-]{40}"),
    Named("linear", "linear_secret", _HEX32),
    Named("linkedin", "linkedin_client_id", "[0-9A-Za-z]{14}", 0.6),
    Named("linkedin", "linkedin_client_secret", "[0-9A-Za-z]{16}"),
    Named("looker", "looker_client_id", "[0-9A-Za-z]{20}", 0.6),
    Named("looker", "looker_client_secret", "[0-9A-Za-z]{24}"),
    Named("mailchimp", "mailchimp_key", "[0-9a-f]{32}-us[0-9]{1,2}"),
    Named("mailgun", "mailgun_key", _HEX32),
    Named("mattermost", "mattermost_token", "[0-9a-z]{26}"),
    Named("maxmind|geoip", "maxmind_license_key", "[0-9A-Za-z]{16}"),
    Named("meraki", "meraki_key", "[0-9a-f]{40}"),
    Named("messagebird", "messagebird_key", "[0-9A-Za-z]{25}"),
    Named("messagebird", "messagebird_client_id", _UUID, 0.6),
    Named("mistral|privateai|assemblyai|clarifai|stability|deepseek|elevenlabs", "model_api_key", _ALNUM32),
    Named("mixpanel|logdna|papertrail|recurly|lastfm|strava|vimeo", "service_key", "[0-9a-f]{32,40}"),
    Named("giphy|shodan|newsapi|openweather|openweathermap|pivotaltracker", "service_key", "[0-9A-Za-z]{32}"),
    Named("loggly|logentries|braze|saucelabs|shortcut|insightly", "service_token", _UUID),
    Named("netlify", "netlify_token", "[0-9A-Za-z_-]{40,46}"),
    Named("newrelic", "newrelic_key", "(?:[0-9A-Za-z]{64}|[0-9a-f]{40})"),
    Named("nytimes|newyorktimes|nyt", "nytimes_key", "[0-9A-Za-z_-]{32}"),
    Named("okta", "okta_token", "00[0-9A-Za-z_-]{40}"),
    Named("opsgenie", "opsgenie_key", _UUID),
    Named("pagerduty", "pagerduty_key", "(?:[0-9A-Za-z_+-]{20}|[0-9a-f]{32})"),
    Named("paypal", "paypal_secret", "[0-9A-Za-z_-]{80}"),
    Named("plaid", "plaid_client_id", "[0-9A-Za-z]{24}", 0.6),
    Named("plaid", "plaid_secret", "[0-9A-Za-z]{30}"),
    Named("postmark", "postmark_token", _UUID),
    Named("rapidapi", "rapidapi_key", "[0-9A-Za-z_-]{50}"),
    Named("sanity", "sanity_token", "sk[0-9A-Za-z]{80,180}"),
    Named("segment", "segment_key", "[0-9A-Za-z]{32}"),
    Named("sendbird", "sendbird_token", "[0-9a-f]{40}"),
    Named("sendbird", "sendbird_app_id", _UUID, 0.6),
    Named("sentry", "sentry_token", _HEX64),
    Named("slack", "slack_signing_secret", _HEX32),
    Named("snyk", "snyk_token", _UUID),
    Named("sonar|sonarqube", "sonar_token", "[0-9A-Za-z_-]{40}"),
    Named("sourcegraph", "sourcegraph_token", _HEX40),
    Named("splunk", "splunk_token", _UUID),
    Named("spotify", "spotify_secret", _HEX32),
    Named("squarespace", "squarespace_token", _UUID),
    Named("sumologic|sumo", "sumologic_access_id", "su[0-9A-Za-z]{12}", 0.6),
    Named("sumologic|sumo", "sumologic_key", "[0-9A-Za-z]{64}"),
    Named("travisci|travis", "travis_token", "[0-9A-Za-z]{22}"),
    Named("trello", "trello_token", "(?:[0-9A-Za-z-]{32}|[0-9a-f]{64})"),
    Named("twilio", "twilio_auth_token", "[0-9a-f]{32}"),
    Named("twitch", "twitch_token", "[0-9a-z]{30}"),
    Named("twitter", "twitter_key", "(?:[0-9A-Za-z]{25}|[0-9A-Za-z]{45}|[0-9A-Za-z]{50})"),
    Named("twitter", "twitter_token", "[0-9]{15,25}-[0-9A-Za-z]{20,40}"),
    Named("vonage|nexmo", "vonage_secret", "[0-9A-Za-z]{16}"),
    Named("wandb|weightsbiases", "wandb_key", "[0-9a-f]{40}"),
    Named("wireguard", "wireguard_key", "[0-9A-Za-z+/]{43}="),
    Named("yandex", "yandex_access_key", "YC[0-9A-Za-z_-]{38}"),
    Named("zendesk", "zendesk_key", "[0-9A-Za-z]{40}"),
)
