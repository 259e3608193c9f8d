"""The one table of reason codes: code, colour, what happened and what to do next, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Colour(StrEnum):
    """The three values of a verdict, and of each finding in it."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """One row of the table.

    code:   stable, snake case, part of every interface.
    colour: what the finding makes of a verdict; None where the reason never appears in a verdict.
    zh, en: what happened, one plain sentence.
    next_zh, next_en: what the person at the desk does now.
    """

    code: str
    colour: Colour | None
    zh: str
    en: str
    next_zh: str
    next_en: str


_RED, _AMBER, _GREEN = Colour.RED, Colour.AMBER, Colour.GREEN
_REFUSE = ("不予接受，请出示其他证件。", "Do not accept it; ask for another document.")
_AGAIN = ("请持证人重新出示二维码。", "Ask the holder to show the code again.")
_REFRESH = ("请持证人联网更新电子证件后再出示。", "Ask the holder to refresh the e-ID online and show it again.")
_SYNC = ("请更新离线数据包，或人工核验。", "Update this reader's bundle, or decide by hand.")
_OPERATOR = ("请通知系统管理员。", "Tell the operator of this system.")
_WALLET = ("请更新钱包应用后重试。", "Update the wallet and try again.")
_COUNTER = ("请向发证机关咨询。", "Ask the issuing bureau.")
_RESEND = ("请检查输入内容后重试。", "Correct the input and send it again.")


class Reason(Enum):
    """Why something passed, was doubted or was refused. Each member's value is its row."""

    # --- every check passed
    ALL_CHECKS_PASSED = ReasonRow("all_checks_passed", _GREEN, "全部核验通过。", "Every check passed.", "请比对人脸。", "Compare the face.")

    # --- the wire form
    PREFIX_UNKNOWN = ReasonRow("prefix_unknown", _RED, "这不是电子身份证二维码。", "This is not an electronic ID code.", *_REFUSE)
    BASE45_MALFORMED = ReasonRow("base45_malformed", _RED, "二维码内容编码有误。", "The code's text is not valid base45.", *_AGAIN)
    TOO_LARGE = ReasonRow("too_large", _RED, "内容超过允许的长度。", "The content is larger than allowed.", *_REFUSE)
    CBOR_MALFORMED = ReasonRow("cbor_malformed", _RED, "二维码内部结构有误。", "The code's structure is not strict deterministic CBOR.", *_REFUSE)
    HEADER_UNEXPECTED = ReasonRow("header_unexpected", _RED, "签名头与规定不符。", "A signature header is not the one the profile demands.", *_REFUSE)
    HOLDER_PROOF_MISSING = ReasonRow("holder_proof_missing", _RED, "缺少持证人签名。", "The holder's own signature is missing.", *_REFUSE)
    CLAIMS_MALFORMED = ReasonRow("claims_malformed", _RED, "证件内容缺项或类型有误。", "A required claim is missing or of the wrong kind.", *_REFUSE)
    ALGORITHM_NOT_ALLOWED = ReasonRow("algorithm_not_allowed", _RED, "签名算法不被允许。", "The signature algorithm is not allowed.", *_REFUSE)
    COMPRESSION_MALFORMED = ReasonRow("compression_malformed", _RED, "二维码的压缩内容有误。", "The code's compressed content is not one whole zlib stream.", *_AGAIN)
    CARD_ENCRYPTED = ReasonRow("card_encrypted", _RED, "二维码内容已加密，本机不接受加密的纸质凭证。", "The card's content is encrypted (COSE_Encrypt0); encrypted cards are not accepted.", *_REFUSE)
    FORM_UNKNOWN = ReasonRow("form_unknown", _RED, "无法识别的证件格式。", "This credential form is not known here.", *_REFUSE)
    JSON_MALFORMED = ReasonRow("json_malformed", _RED, "JSON 内容有误。", "The JSON is not strict.", *_REFUSE)
    BASE64URL_MALFORMED = ReasonRow("base64url_malformed", _RED, "base64url 编码有误。", "The text is not strict base64url.", *_REFUSE)
    TOKEN_MALFORMED = ReasonRow("token_malformed", _RED, "令牌格式有误。", "The token is not a well-formed compact serialisation.", *_REFUSE)

    # --- the issuer
    ISSUER_UNKNOWN = ReasonRow("issuer_unknown", _RED, "签发机关不在信任列表中。", "The signer is not in the trust list.", *_REFUSE)
    ISSUER_NOT_AUTHORISED = ReasonRow("issuer_not_authorised", _RED, "该密钥无权签发此类证件。", "This key may not sign credentials of this kind.", *_REFUSE)
    ISSUER_KEY_WITHDRAWN = ReasonRow(
        "issuer_key_withdrawn",
        _RED,
        "签发密钥已被撤销，并非持证人过错，将会重新签发。",
        "The issuer's key was withdrawn; not the holder's fault, the card will be reissued.",
        "请出示其他证件，并联系发证机关换发。",
        "Ask for another document; the bureau reissues the card.",
    )
    ISSUER_KEY_OUT_OF_PERIOD = ReasonRow("issuer_key_out_of_period", _RED, "签发时间不在密钥有效期内。", "It was issued outside the period of the issuer's key.", *_REFUSE)
    ISSUER_OUT_OF_SCOPE = ReasonRow("issuer_out_of_scope", _RED, "签发机关超出管辖范围。", "The bureau is named outside its scope.", *_REFUSE)
    ISSUER_SIGNATURE_INVALID = ReasonRow("issuer_signature_invalid", _RED, "签发机关签名无效：伪造或已损坏。", "The issuer's signature is wrong: forged or damaged.", *_REFUSE)
    CERTIFICATE_INVALID = ReasonRow("certificate_invalid", _RED, "签发证书不符合要求。", "The signer's certificate does not fit its profile.", *_REFUSE)
    CERTIFICATE_EXPIRED = ReasonRow("certificate_expired", _RED, "签发证书不在有效期内。", "The signer's certificate is not within its validity.", *_REFUSE)
    SPECIMEN_IN_REAL_MODE = ReasonRow("specimen_in_real_mode", _RED, "这是样证，不是真实证件。", "This is a specimen, not a real card.", *_REFUSE)
    REAL_IN_SPECIMEN_MODE = ReasonRow("real_in_specimen_mode", _RED, "训练模式不接受真实证件。", "Training mode does not judge a real card.", "请切换到正式模式。", "Use a reader in real mode.")

    # --- the holder
    HOLDER_KEY_INVALID = ReasonRow("holder_key_invalid", _RED, "持证人公钥无效。", "The holder's key is not a valid key.", *_REFUSE)
    HOLDER_SIGNATURE_INVALID = ReasonRow("holder_signature_invalid", _RED, "持证人签名无效：伪造或已损坏。", "The holder's signature is wrong: forged or damaged.", *_REFUSE)
    SD_HASH_MISMATCH = ReasonRow("sd_hash_mismatch", _RED, "出示内容与持证人签名不一致。", "The holder signed other disclosures than those shown.", *_REFUSE)

    # --- freshness
    WRONG_MODE = ReasonRow("wrong_mode", _RED, "出示方式与本岗位要求不符。", "The code was made for the other way of checking.", "请按本岗位要求的方式重新出示。", "Ask for a code made the way this site demands.")
    WRONG_AUDIENCE = ReasonRow("wrong_audience", _RED, "该二维码是为另一岗位出示的。", "The code was made for another checkpoint.", *_AGAIN)
    NONCE_MISMATCH = ReasonRow("nonce_mismatch", _RED, "该二维码应答的不是本次质询。", "The code answers another challenge.", *_AGAIN)
    CHALLENGE_EXPIRED = ReasonRow("challenge_expired", _RED, "质询已超过时限。", "The challenge is older than its limit.", "请生成新的质询码。", "Show a new challenge.")
    CHALLENGE_ALREADY_ANSWERED = ReasonRow("challenge_already_answered", _RED, "该质询已被应答。", "This challenge was answered before.", "请生成新的质询码。", "Show a new challenge.")
    CHALLENGE_UNKNOWN = ReasonRow("challenge_unknown", _RED, "本机没有发出过该质询。", "This reader did not show that challenge.", "请生成新的质询码。", "Show a new challenge.")
    CODE_EXPIRED = ReasonRow("code_expired", _RED, "二维码已过期。", "The code has expired.", *_AGAIN)
    CODE_FROM_FUTURE = ReasonRow("code_from_future", _RED, "二维码的时间在未来。", "The code was made in the future.", "请持证人检查手机时间后重新出示。", "Ask the holder to set the phone's clock and show it again.")
    CHECK_CLOCK_FIRST = ReasonRow("check_clock_first", _AMBER, "二维码时间不符，但本机时钟未经确认。", "The code's time does not fit, and this device's clock is unconfirmed.", "请先检查本机时钟。", "Check this device's clock first.")
    CLOCK_DOUBTFUL = ReasonRow("clock_doubtful", _AMBER, "本机时钟有误，属设备故障。", "This device's clock is wrong: a fault of the device.", "请校准时钟并更新数据包。", "Set the clock and update the bundle.")
    ONE_WAY_NEEDS_CLOCK = ReasonRow("one_way_needs_clock", _RED, "本机时钟有误，无法核验单向码。", "With this device's clock in doubt a one-way code cannot be judged.", "请改用质询方式，或校准时钟。", "Use a challenge, or set the clock.")
    SEEN_HERE = ReasonRow("seen_here", _AMBER, "该二维码刚在此处使用过。", "This very code was used here before.", *_AGAIN)
    REPLAY_MEMORY_FULL = ReasonRow("replay_memory_full", _AMBER, "本机重放记录已满，无法判断该码是否在此用过。", "This reader's memory of codes is full; whether this one was used here is not known.", "请改用质询方式，或稍候一分钟。", "Use a challenge, or wait a minute.")
    PROOF_OUTSIDE_VALIDITY = ReasonRow("proof_outside_validity", _RED, "出示时间不在证件有效期内。", "The showing lies outside the credential's validity.", *_REFRESH)

    # --- validity
    CREDENTIAL_NOT_YET_VALID = ReasonRow("credential_not_yet_valid", _RED, "证件尚未生效。", "The credential is not valid yet.", *_REFUSE)
    CREDENTIAL_EXPIRED = ReasonRow("credential_expired", _RED, "证件已过期。", "The credential has expired.", *_REFRESH)
    DOCUMENT_EXPIRING = ReasonRow("document_expiring", _AMBER, "身份证件即将到期。", "The ID document is about to expire.", "可接受；提醒持证人换领。", "Acceptable; remind the holder to renew.")

    # --- disclosures
    DISCLOSURE_MALFORMED = ReasonRow("disclosure_malformed", _RED, "披露内容格式有误。", "A disclosure is malformed.", *_REFUSE)
    DISCLOSURE_UNREFERENCED = ReasonRow("disclosure_unreferenced", _RED, "披露内容不属于该证件。", "A disclosure is not part of this credential.", *_REFUSE)
    DISCLOSURE_DUPLICATE = ReasonRow("disclosure_duplicate", _RED, "披露内容重复。", "A disclosure or digest appears twice.", *_REFUSE)
    GROUP_NOT_ASKED = ReasonRow("group_not_asked", _RED, "出示了未被要求的内容。", "A field was shown that was not asked for.", "请持证人按要求重新出示。", "Ask the holder to show only what was asked.")
    GROUP_TOO_SENSITIVE = ReasonRow("group_too_sensitive", _RED, "单向码不得包含完整号码或住址。", "A one-way code may not carry the full number or the address.", *_WALLET)
    PORTRAIT_BAD = ReasonRow("portrait_bad", _RED, "照片格式不符。", "The portrait is not of the allowed form.", *_REFUSE)
    GLYPH_BAD = ReasonRow("glyph_bad", _RED, "字形图不符。", "A glyph is not of the allowed form.", *_REFUSE)
    TEXT_BAD = ReasonRow("text_bad", _RED, "文字含有不允许的字符。", "A text carries characters that are not allowed.", *_REFUSE)

    # --- status and trust data
    STATUS_REVOKED = ReasonRow("status_revoked", _RED, "证件已被吊销。", "The credential has been revoked.", *_REFUSE)
    STATUS_SUSPENDED = ReasonRow("status_suspended", _RED, "证件已被暂停使用。", "The credential is suspended.", "请持证人联系发证机关。", "Ask the holder to contact the bureau.")
    STATUS_REPORTED_LOST = ReasonRow("status_reported_lost", _RED, "证件已挂失。", "The credential was reported lost or stolen.", "请按规定处置。", "Follow the procedure for lost or stolen documents.")
    STATUS_SUPERSEDED = ReasonRow("status_superseded", _RED, "证件已被新证替代。", "The credential was replaced by a newer one.", *_REFRESH)
    STATUS_INDEX_OUT_OF_RANGE = ReasonRow("status_index_out_of_range", _RED, "证件状态编号超出状态列表。", "The credential's place is outside its status list.", *_REFUSE)
    STATUS_WRONG_BUREAU = ReasonRow("status_wrong_bureau", _RED, "状态列表不属于签发机关。", "The status list is not the issuing bureau's.", *_REFUSE)
    STATUS_UNKNOWN = ReasonRow("status_unknown", _AMBER, "无法得知证件状态。", "The credential's status is not known here.", *_SYNC)
    STATUS_STALE = ReasonRow("status_stale", _AMBER, "状态列表过旧。", "The status list is older than this site allows.", *_SYNC)
    TRUST_LIST_STALE = ReasonRow("trust_list_stale", _AMBER, "信任列表过旧。", "The trust list is older than this site allows.", *_SYNC)

    # --- site policy
    FORM_NOT_ACCEPTED = ReasonRow("form_not_accepted", _RED, "本岗位不接受此类证件。", "This site does not accept this form.", *_REFUSE)
    PAPER_CARD = ReasonRow("paper_card", _AMBER, "纸质凭证：请比对人脸。", "Paper: compare the face.", "与照片相符方可接受；不符则不予接受。", "Accept it only if the holder's face is the one in the portrait.")
    FIELD_MISSING = ReasonRow("field_missing", _AMBER, "缺少本岗位需要的内容。", "A field this site needs was not shown.", "请持证人补充出示，或人工核验。", "Ask for the missing field, or decide by hand.")
    AGE_NOT_MET = ReasonRow("age_not_met", _RED, "未达到年龄要求。", "The age demanded here is not reached.", *_REFUSE)
    AGE_ANSWER_STALE = ReasonRow("age_answer_stale", _AMBER, "年龄结果为签发时的结果，可能已变化。", "The age answer is as of issue and may have changed.", *_REFRESH)
    KEY_STORAGE_INSUFFICIENT = ReasonRow("key_storage_insufficient", _RED, "钱包密钥保护级别不足。", "The wallet's key protection is too weak for this site.", *_REFUSE)
    ASSURANCE_INSUFFICIENT = ReasonRow("assurance_insufficient", _AMBER, "证件核验级别不足。", "The enrolment level is lower than this site demands.", "请出示实体证件。", "Ask for the plastic card.")
    SUITE_UNAVAILABLE = ReasonRow("suite_unavailable", _AMBER, "本机缺少该签名算法所需的系统组件，未能核验。", "This machine lacks what this signature algorithm needs, so nothing could be checked.", "请改用其他设备，或请管理员安装所缺组件。", "Use another reader, or have the operator install what is missing.")
    COULD_NOT_CHECK = ReasonRow("could_not_check", _AMBER, "本机故障，未能完成核验。", "This reader failed before the check was complete.", "请重试，或改用其他设备。", "Try again, or use another reader.")

    # --- what never colours a verdict: bundles and trust data at the reader's door
    READER_CLOSED = ReasonRow("reader_closed", None, "本机签名自检未通过，已停止核验。", "This reader failed its self-test and judges nothing.", *_OPERATOR)
    BUNDLE_MISSING = ReasonRow("bundle_missing", None, "没有离线数据包。", "There is no bundle.", "请先装入数据包。", "Load one: eid bundle update FILE.")
    BUNDLE_INVALID = ReasonRow("bundle_invalid", None, "离线数据包无效。", "The bundle or a part of it is not valid.", *_OPERATOR)
    BUNDLE_OLDER = ReasonRow("bundle_older", None, "数据包比已有的旧。", "The bundle is older than what was seen before.", "请取得最新数据包。", "Get the newest bundle.")
    BUNDLE_BASE_OTHER = ReasonRow("bundle_base_other", None, "该增量包不是由本机现有的数据包生成的。", "This delta was made from another bundle than the one held here.", "请载入完整数据包。", "Load the full bundle.")
    TRUST_LIST_INVALID = ReasonRow("trust_list_invalid", None, "信任列表无效。", "The trust list is not valid.", *_OPERATOR)
    TRUST_LIST_OLDER = ReasonRow("trust_list_older", None, "信任列表比已有的旧。", "The trust list is older than what was seen before.", "请取得最新信任列表。", "Get the newest trust list.")
    BUNDLE_EXPIRED = ReasonRow("bundle_expired", None, "数据包已过期。", "The bundle has expired.", "请取得最新数据包。", "Get the newest bundle.")
    PIN_MISSING = ReasonRow("pin_missing", None, "尚未设定信任根。", "No root is pinned.", "请执行 eid trust pin ROOT.pem。", "Run: eid trust pin ROOT.pem.")
    POLICY_UNKNOWN = ReasonRow("policy_unknown", None, "没有该岗位策略。", "There is no site policy of that name.", "请检查策略名称。", "Name one that exists.")
    LICENCE_INVALID = ReasonRow("licence_invalid", None, "岗位许可证无效。", "The site's licence is not valid.", "请勿出示，并向岗位人员说明。", "Do not show anything; tell the person at the desk.")
    CHALLENGE_INVALID = ReasonRow("challenge_invalid", None, "质询码无效。", "The challenge is not valid.", "请岗位人员重新生成。", "Ask the desk for a new one.")
    OVER_ASKING = ReasonRow("over_asking", None, "对方要求的内容超出其许可。", "The site asks for more than its licence allows.", "请勿出示，可以举报。", "Do not show it; you may report it.")

    # --- the bureau
    RECORD_UNKNOWN = ReasonRow("record_unknown", None, "没有该记录。", "There is no such record.", *_RESEND)
    CASE_UNKNOWN = ReasonRow("case_unknown", None, "没有该申请。", "There is no such case.", *_RESEND)
    CASE_MOVED = ReasonRow("case_moved", None, "申请状态已变化。", "The case has changed meanwhile.", "请重新载入后再决定。", "Reload and decide again.")
    SAME_OFFICER = ReasonRow("same_officer", None, "提交人不得审批。", "The officer who submitted may not approve.", "请由另一名民警审批。", "Let another officer decide.")
    OFFICER_UNKNOWN = ReasonRow("officer_unknown", None, "没有该民警账户。", "There is no such officer.", *_RESEND)
    ROLE_MISSING = ReasonRow("role_missing", None, "无权执行该操作。", "The officer's role does not allow this.", "请由有权限的民警操作。", "Ask an officer with that role.")
    NOT_APPROVED = ReasonRow("not_approved", None, "该记录尚未审批。", "The record has not been approved.", "请先完成审批。", "Have it approved first.")
    CREDENTIAL_UNKNOWN = ReasonRow("credential_unknown", None, "没有该证件。", "There is no such credential.", *_RESEND)
    CREDENTIAL_STATE = ReasonRow("credential_state", None, "证件当前状态不允许该操作。", "The credential's state does not allow this.", "请核对证件状态。", "Check the credential's state.")
    APPROVAL_NEEDED = ReasonRow("approval_needed", None, "该操作需要第二名民警批准。", "A second officer must approve this.", "请由另一名民警批准。", "Let another officer approve it.")
    CASE_EXPIRED = ReasonRow("case_expired", None, "申请提交已超过七天，已失效。", "The case was submitted more than seven days ago and has expired.", "请重新提交。", "Submit it again.")
    REASON_NEEDED = ReasonRow("reason_needed", None, "必须说明理由。", "A reason must be given.", "请填写理由后重试。", "State the reason and try again.")
    RECORD_DAMAGED = ReasonRow("record_damaged", None, "登记内容无法解密，可能已被改动。", "A stored field cannot be opened; it may have been altered.", *_OPERATOR)
    REGISTER_KEY_WRONG = ReasonRow("register_key_wrong", None, "密钥库与数据库不匹配。", "The key store does not belong to this database.", "请检查 --home 与 EID_DATABASE_URL。", "Check --home and EID_DATABASE_URL.")
    BUREAU_UNKNOWN = ReasonRow("bureau_unknown", None, "没有该机关。", "There is no such bureau here.", *_OPERATOR)
    DATA_MOVED = ReasonRow("data_moved", None, "数据已同时被他人改动，未保存任何内容。", "Someone else changed the same data meanwhile; nothing was stored.", "请重新载入后再试。", "Reload and try again.")
    TEXT_NOT_ALLOWED = ReasonRow("text_not_allowed", None, "填写的文字过长或含有不允许的字符。", "A text is too long or has characters that are not allowed.", *_RESEND)
    STATUS_ACT_UNKNOWN = ReasonRow("status_act_unknown", None, "没有该待批操作。", "There is no such act waiting for approval.", *_RESEND)
    FILE_UNREADABLE = ReasonRow("file_unreadable", None, "文件无法读取。", "The file cannot be read.", *_RESEND)
    FILE_UNWRITABLE = ReasonRow("file_unwritable", None, "文件无法写入。", "The file cannot be written.", "请检查目录是否存在、是否可写。", "Name a folder that exists and may be written to.")
    REGISTER_FILE_MALFORMED = ReasonRow("register_file_malformed", None, "人口登记文件格式有误，未导入任何内容。", "The register file is malformed; nothing was imported.", *_RESEND)
    AUDIT_CHECKPOINT_INVALID = ReasonRow("audit_checkpoint_invalid", None, "审计检查点系伪造或已损坏。", "The audit checkpoint is forged or damaged.", *_OPERATOR)
    AUDIT_FILE_MALFORMED = ReasonRow("audit_file_malformed", None, "审计文件格式有误。", "The audit file is malformed.", *_RESEND)

    # --- offers, tokens, credentials on the wire
    OFFER_UNKNOWN = ReasonRow("offer_unknown", None, "领证码无效。", "The offer is not valid.", *_COUNTER)
    OFFER_EXPIRED = ReasonRow("offer_expired", None, "领证码已过期。", "The offer has expired.", *_COUNTER)
    OFFER_USED = ReasonRow("offer_used", None, "领证码已使用。", "The offer was used before.", *_COUNTER)
    OFFER_DEAD = ReasonRow("offer_dead", None, "验证码错误次数过多，领证码已失效。", "Too many wrong transaction codes; the offer is dead.", *_COUNTER)
    TX_CODE_MISSING = ReasonRow("tx_code_missing", None, "缺少验证码。", "The transaction code is missing.", "请输入信函上的验证码。", "Enter the code from the letter.")
    TX_CODE_UNEXPECTED = ReasonRow("tx_code_unexpected", None, "不需要验证码。", "No transaction code was expected.", *_RESEND)
    TX_CODE_WRONG = ReasonRow("tx_code_wrong", None, "验证码错误。", "The transaction code is wrong.", "请核对后重新输入。", "Check it and try again.")
    GRANT_UNSUPPORTED = ReasonRow("grant_unsupported", None, "不支持的授权方式。", "The grant type is not supported.", *_WALLET)
    REQUEST_MALFORMED = ReasonRow("request_malformed", None, "请求格式有误。", "The request is malformed.", *_RESEND)
    TOKEN_INVALID = ReasonRow("token_invalid", None, "访问令牌无效或已过期。", "The access token is not valid.", *_WALLET)
    DPOP_INVALID = ReasonRow("dpop_invalid", None, "DPoP 证明无效。", "The DPoP proof is not valid.", *_WALLET)
    DPOP_NONCE_NEEDED = ReasonRow("dpop_nonce_needed", None, "需要 DPoP 随机数。", "A DPoP nonce is needed.", *_WALLET)
    REFRESH_REUSED = ReasonRow("refresh_reused", None, "刷新令牌被重复使用，钱包已冻结。", "An old refresh token was used again; this wallet is frozen.", *_COUNTER)
    WALLET_FROZEN = ReasonRow("wallet_frozen", None, "该钱包已被冻结。", "This wallet is frozen.", *_COUNTER)
    PROOF_INVALID = ReasonRow("proof_invalid", None, "密钥证明无效。", "A key proof is not valid.", *_WALLET)
    PROOF_NONCE_INVALID = ReasonRow("proof_nonce_invalid", None, "密钥证明的随机数无效或已用过。", "The key proof's nonce is unknown, old or used.", *_WALLET)
    TOO_MANY_PROOFS = ReasonRow("too_many_proofs", None, "一次请求的密钥过多。", "More key proofs than one request may carry.", *_WALLET)
    KEY_SEEN_BEFORE = ReasonRow("key_seen_before", None, "该密钥已使用过。", "A holder key was seen before.", *_WALLET)
    CONFIGURATION_UNKNOWN = ReasonRow("configuration_unknown", None, "没有该证件类型。", "There is no such credential configuration.", *_WALLET)
    COPIES_EXHAUSTED = ReasonRow("copies_exhausted", None, "有效副本已达上限。", "The limit of live copies is reached.", "请稍后再更新。", "Refresh later.")
    OFFER_MALFORMED = ReasonRow("offer_malformed", None, "领证码内容有误。", "The offer cannot be read.", *_COUNTER)
    CREDENTIAL_IDENTIFIER_UNKNOWN = ReasonRow("credential_identifier_unknown", None, "没有该证件标识。", "There is no such credential identifier.", *_WALLET)
    ENCRYPTION_UNSUPPORTED = ReasonRow("encryption_unsupported", None, "不支持加密应答。", "Encrypted responses are not offered.", *_WALLET)
    DOCUMENT_EXPIRED = ReasonRow("document_expired", None, "身份证件已到期，不能签发电子证件。", "The ID document has run out; no e-ID can be issued on it.", "请先换领身份证件。", "Renew the ID document first.")
    PORTRAIT_MISSING = ReasonRow("portrait_missing", None, "该记录没有照片，不能制作纸质凭证。", "The record has no portrait, and a printed card needs one.", "请先补登照片。", "Add a portrait to the record first.")
    STATUS_UNPUBLISHED = ReasonRow("status_unpublished", None, "状态列表未能发布。", "The status list could not be published.", *_OPERATOR)
    ROUTE_UNKNOWN = ReasonRow("route_unknown", None, "没有该地址。", "There is nothing at this address.", *_RESEND)
    METHOD_NOT_ALLOWED = ReasonRow("method_not_allowed", None, "该地址不支持此请求方式。", "This address does not take that method.", *_RESEND)
    NOT_ACCEPTABLE = ReasonRow("not_acceptable", None, "无法提供所要求的内容类型。", "The content type asked for is not offered here.", *_RESEND)
    TYPE_METADATA_INVALID = ReasonRow("type_metadata_invalid", None, "证件类型说明无效。", "The description of the credential type is not valid.", *_RESEND)
    HISTORY_MISSING = ReasonRow("history_missing", None, "该时间没有留存的状态列表。", "No status list of that time is kept here.", *_RESEND)
    INTERNAL_FAULT = ReasonRow("internal_fault", None, "系统内部故障。", "A fault of this system.", *_OPERATOR)
    DEMO_FAILED = ReasonRow("demo_failed", None, "演示未能完成。", "The demonstration could not go on.", "请查看上面的说明。", "See the lines above.")
    POST_UNKNOWN = ReasonRow("post_unknown", None, "没有该岗位。", "There is no such post.", *_RESEND)
    ISSUANCE_DENIED = ReasonRow("issuance_denied", None, "发证机关目前不向本钱包签发。", "The issuer issues nothing to this wallet now.", "请稍后再试；仍不行请咨询发证机关。", "Try again later; if it stays so, ask the issuing bureau.")
    ISSUER_ANSWER_INVALID = ReasonRow("issuer_answer_invalid", None, "发证服务器的应答有误。", "The issuer's answer is not valid.", *_COUNTER)
    ISSUER_UNREACHABLE = ReasonRow("issuer_unreachable", None, "无法连接发证服务器。", "The issuer cannot be reached.", "请稍后重试。", "Try again later.")

    # --- the wallet
    WALLET_EMPTY = ReasonRow("wallet_empty", None, "钱包中没有证件。", "The wallet holds no credential.", "请先领取电子身份证。", "Accept an offer first.")
    WALLET_PIN_WRONG = ReasonRow("wallet_pin_wrong", None, "PIN 错误。", "The PIN is wrong.", "请重新输入。", "Try again.")
    WALLET_LOCKED = ReasonRow("wallet_locked", None, "PIN 错误次数过多，请稍候。", "Too many wrong PINs; wait.", "请稍候再试。", "Wait, then try again.")
    WALLET_PIN_UNFIT = ReasonRow("wallet_pin_unfit", None, "PIN 须为 6 至 12 位数字。", "A PIN has 6 to 12 digits.", "请另选 PIN。", "Choose another PIN.")
    WALLET_DAMAGED = ReasonRow("wallet_damaged", None, "钱包文件已损坏或不完整。", "The wallet's files are damaged or incomplete.", "请恢复备份，或凭信函、到窗口重新领取。", "Restore them, or enrol again by letter or at the counter.")
    WALLET_BUSY = ReasonRow("wallet_busy", None, "钱包正在执行另一项操作。", "The wallet is busy with another act.", "请稍候再试。", "Wait a moment, then try again.")
    WALLET_ROOT_CHANGED = ReasonRow("wallet_root_changed", None, "发证方的信任根与首次领取时不同。", "The issuer's trust root is not the one pinned at the first offer.", *_COUNTER)
    SHOWING_UNKNOWN = ReasonRow("showing_unknown", None, "没有该出示记录，或已超过时限。", "There is no such showing, or it is over.", "请重新出示。", "Start a new showing.")
    REFRESH_ENDED = ReasonRow("refresh_ended", None, "发证机关不再接受本钱包的更新请求。", "The issuer no longer accepts this wallet's right to refresh.", *_COUNTER)
    ADDRESS_NOT_ALLOWED = ReasonRow("address_not_allowed", None, "钱包不会访问该地址。", "The wallet does not go to this address.", *_COUNTER)
    GROUP_UNKNOWN = ReasonRow("group_unknown", None, "没有该内容组。", "There is no such group of fields.", *_RESEND)

    # --- operation
    PASSPHRASE_WRONG = ReasonRow("passphrase_wrong", None, "口令错误。", "The passphrase is wrong.", "请检查 EID_PASSPHRASE 或 EID_PASSPHRASE_FILE。", "Check EID_PASSPHRASE or EID_PASSPHRASE_FILE.")
    PASSPHRASE_MISSING = ReasonRow("passphrase_missing", None, "缺少口令。", "No passphrase was given.", "请设置 EID_PASSPHRASE 或 EID_PASSPHRASE_FILE。", "Set EID_PASSPHRASE or EID_PASSPHRASE_FILE.")
    KEY_FILE_DAMAGED = ReasonRow("key_file_damaged", None, "密钥文件已损坏。", "The key file is damaged.", "请从备份恢复。", "Restore it from the backup.")
    KEY_UNKNOWN = ReasonRow("key_unknown", None, "没有该密钥。", "There is no such key.", *_OPERATOR)
    KEY_STATE = ReasonRow("key_state", None, "密钥当前状态不允许使用。", "The key's state does not allow this use.", *_OPERATOR)
    HOME_MISSING = ReasonRow("home_missing", None, "尚未初始化。", "There is nothing here yet.", "请先执行 eid init。", "Run: eid init.")
    HOME_EXISTS = ReasonRow("home_exists", None, "该目录已初始化。", "This home is initialised already.", "请另选 --home 目录。", "Choose another --home.")
    DATABASE_NEWER = ReasonRow("database_newer", None, "数据库版本比本软件新。", "The database is of a newer version than this software.", "请升级软件。", "Upgrade this software.")
    DATABASE_OLDER = ReasonRow("database_older", None, "数据库需要升级。", "The database must be upgraded.", "请执行 eid db upgrade。", "Run: eid db upgrade.")
    DATABASE_UNAVAILABLE = ReasonRow("database_unavailable", None, "无法连接数据库。", "The database does not answer.", *_OPERATOR)
    PORT_IN_USE = ReasonRow("port_in_use", None, "端口被占用。", "The port is in use.", "请另选 --port。", "Choose another --port.")
    PICTURE_UNREADABLE = ReasonRow("picture_unreadable", None, "图片无法读取。", "The picture cannot be read.", "请提供 PNG 图片。", "Give a PNG picture.")
    NO_CODE_IN_PICTURE = ReasonRow("no_code_in_picture", None, "图片中没有二维码。", "There is no QR code in the picture.", "请重新拍摄。", "Take the picture again.")
    SEVERAL_CODES = ReasonRow("several_codes", None, "图片中有多个不同的二维码。", "The picture holds different codes.", "请只对准一个二维码。", "Aim at one code.")
    COMMAND_MISUSED = ReasonRow("command_misused", None, "命令用法有误。", "The command was not used as it is meant.", "请加 --help 查看用法。", "Run it with --help to see how.")
    SETTING_INVALID = ReasonRow("setting_invalid", None, "设置有误。", "A setting is not valid.", *_OPERATOR)
    FONT_MISSING = ReasonRow("font_missing", None, "没有可用的中文字体。", "No font with Chinese characters was found.", "请安装 fonts-noto-cjk，或用 EID_CARD_FONT 指定字体文件。", "Install the package fonts-noto-cjk, or name a font file with EID_CARD_FONT.")
    QR_TOO_LONG = ReasonRow("qr_too_long", None, "内容过长，无法放入一个二维码。", "The content does not fit one QR code.", "请减少出示的内容。", "Show fewer fields.")

    @property
    def code(self) -> str:
        """The stable code."""
        return self.value.code

    @property
    def colour(self) -> Colour | None:
        """The colour this finding gives a verdict."""
        return self.value.colour
