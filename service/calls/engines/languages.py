"""The language codes an engine is known to take, as Telnyx's SDK and docs list them.

Source: telnyx 4.189 `types/calls/*_config_param.py`, `google_transcription_language.py`,
`telnyx_transcription_language.py`. Lists age: a code that is not here is sent all the same.
"""


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


GOOGLE = _codes(
    "af sq am ar hy az eu bn bs bg my ca yue zh hr cs da nl en et fil fi fr gl ka de el gu iw hi "
    "hu is id it ja jv kn kk km ko lo lv lt mk ms ml mr mn ne no fa pl pt pa ro ru rw sr si sk sl "
    "ss st es su sw sv ta te th tn tr ts uk ur uz ve vi xh zu"
)
WHISPER = _codes(
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su"
)
AZURE = _codes(
    "af am ar bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja "
    "ka kk km kn ko lo lt lv mk ml mn mr ms mt my nb ne nl pl ps pt ro ru si sk sl so sq sr sv sw "
    "ta te th tr uk ur uz vi wuu yue zh zu"
)
NOVA_2 = _codes(
    "bg ca zh-CN zh-Hans zh-TW zh-Hant zh-HK cs da-DK nl-BE en-US en-AU en-GB en-NZ en-IN et fi fr "
    "fr-CA de-CH el hi hu id it ja ko-KR lv lt ms no pl pt-BR pt-PT ro ru sk es-419 sv-SE th-TH tr "
    "uk vi"
)
NOVA_3 = _codes("en-US en-AU en-GB en-IN en-NZ de nl sv-SE da-DK es es-419 fr fr-CA pt-BR pt-PT")
XAI = _codes("ar cs da de en es fa fil fr hi id it ja ko mk ms nl pl pt ro ru sv th tr vi")
SPEECHMATICS = _codes(
    "en ba eu gl ga mt mn sw ug cy ar_en cmn_en en_ms en_ta tl es-bilingual-en cmn_en_ms_ta"
)
LINDEN = SPEECHMATICS | _codes(
    "ar be bg bn ca cmn cs da de el eo es et fa fi fr he hi hr hu ia id it ja ko lt lv mr ms nl no "
    "pl pt ro ru sk sl sv ta th tr uk ur vi yue en-US en-GB en-AU cmn-Hans cmn-Hant"
)
HUMAIN = _codes("ar en codeswitch")
RESON8 = _codes("nl en fr fy de it pl pt es sv")
COHERE = _codes("ar en")
ENGLISH = _codes("en")
FLUX_MULTI = _codes("en es fr de hi ru pt ja it nl")

AUTO = _codes("auto auto_detect auto_beta multi")
"""The words that ask for the language to be found out."""

ALIASES = {
    "he": ("iw",),
    "nb": ("no",),
    "no": ("nb",),
    "en": ("en-US",),
    "da": ("da-DK",),
    "ko": ("ko-KR",),
    "pt": ("pt-BR",),
    "sv": ("sv-SE",),
    "th": ("th-TH",),
    "zh": ("zh-CN", "cmn"),
}
"""What else to try when an engine does not know a language's short code."""
