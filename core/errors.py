"""The tree of errors that Farlight raises; title and hint of each stand in the wording table.

FarlightError
├── ImagingError   E1xx  a file, folder or medium could not be read
├── PackError      E2xx  a model pack is not what it must be
├── EngineError    E3xx  a model could not be run on this computer
├── ReportError    E4xx  a report could not be made or signed
├── StoreError     E5xx  settings, drafts or the profile could not be kept
├── RequestError   E6xx  what was asked for cannot be done as asked
└── Cancelled      E900  the user stopped it

Every concrete error stands below, so that this file is the whole list; ``docs/errors.md`` mirrors it.
"""

import math

from core.duty import least_duty
from core.wording import say


class FarlightError(Exception):
    """Something went wrong that can be told to the user in a sentence.

    ``detail`` and ``context`` are for the log and never hold patient data. ``about`` is for the user's eyes
    alone, and may: which file, which printer, whose study. It stands in no log and in no message.
    """

    code = "E000"

    def __init__(self, detail: str = "", *, about: str = "", **context: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.about = about
        self.context = context

    @property
    def title(self) -> str:
        """One sentence: what went wrong."""
        return say(f"errors.{self.code}.title")

    @property
    def hint(self) -> str:
        """One sentence: what the user can do."""
        return say(f"errors.{self.code}.hint")

    @property
    def message(self) -> str:
        """Title and hint as one line."""
        return f"{self.title} {self.hint}"

    def __str__(self) -> str:
        return f"{self.code} {self.message}" + (f" ({self.detail})" if self.detail else "")


class ImagingError(FarlightError):
    """A file, folder or medium could not be read."""

    code = "E100"


class NotAnImageError(ImagingError):
    """The file is not an image of a kind that Farlight reads."""

    code = "E101"


class UnreadableFileError(ImagingError):
    """The file or folder cannot be opened (permission, broken medium)."""

    code = "E102"


class MediumGoneError(ImagingError):
    """The medium went away while it was being read."""

    code = "E103"


class DamagedImageError(ImagingError):
    """The file is truncated or damaged."""

    code = "E104"


class UnsupportedPixelsError(ImagingError):
    """The pixels are coded in a way that Farlight does not decode."""

    code = "E105"


class NoPixelsError(ImagingError):
    """A DICOM object without an image (report, waveform, plan, directory)."""

    code = "E106"


class TooLargeError(ImagingError):
    """The image claims more pixels than this computer may hold."""

    code = "E107"


class DecoderFailedError(ImagingError):
    """The supervised decoder died or ran out of time or memory."""

    code = "E108"


class NothingFoundError(ImagingError):
    """The path holds no image at all."""

    code = "E109"


class ProtectedArchiveError(ImagingError):
    """The zip file is locked with a password."""

    code = "E110"


class ChangedFileError(ImagingError):
    """Another file has taken the place of the one that was listed (a stick was exchanged)."""

    code = "E111"


class SlidePlaceError(ImagingError):
    """A slide lies where it cannot be read in parts: in a zip file, or among encrypted copies."""

    code = "E112"


class PackError(FarlightError):
    """A model pack is not what it must be."""

    code = "E200"


class UnknownPackError(PackError):
    """No pack of that name is installed."""

    code = "E201"


class ManifestError(PackError):
    """The manifest is missing, malformed, or names something unknown."""

    code = "E202"


class ChecksumError(PackError):
    """A file of the pack is not the file that was released."""

    code = "E203"


class NewerSchemaError(PackError):
    """The pack was made for a newer Farlight."""

    code = "E204"


class EscapingPathError(PackError):
    """The pack names a file outside its own folder."""

    code = "E205"


class PackDependencyError(PackError):
    """The pack depends on another that is missing or unfit."""

    code = "E206"


class PrecisionMissingError(PackError):
    """The pack has no network in the precision that was asked for."""

    code = "E240"


class UnknownModelError(PackError):
    """A model file is not of a kind that a pack can be made of; the detail says why."""

    code = "E241"


class ModelInspectionError(PackError):
    """The process that looked into a model file died, hung or ran out of memory."""

    code = "E242"


class DraftFolderError(PackError):
    """The folder for a new pack is there already, or cannot be written."""

    code = "E243"


class ArchiveDamagedError(PackError):
    """A pack file is damaged, cut short, or no pack file at all."""

    code = "E250"


class ArchiveUnsafeError(PackError):
    """A pack file is built so that it could do harm."""

    code = "E251"


class ArchiveNotSignedError(PackError):
    """A pack file carries no signature."""

    code = "E252"


class UntrustedKeyError(PackError):
    """A pack file is signed with a key that nobody here trusts."""

    code = "E253"


class ArchiveNameError(PackError):
    """A pack file does not hold the pack that its name and its signature say."""

    code = "E254"


class PackTrialError(PackError):
    """A pack failed when it was tried in a process of its own."""

    code = "E255"


class LicenceNotAcceptedError(PackError):
    """Nobody accepted the licence that a pack asks to be accepted."""

    code = "E256"


class PackChangeError(PackError):
    """An installed pack cannot be changed as asked."""

    code = "E257"


class PackInUseError(PackError):
    """Packs are in use, and cannot be taken away now."""

    code = "E258"


class SigningKeyError(PackError):
    """A key for packs cannot be read, made or used."""

    code = "E259"


class EvaluationError(PackError):
    """A pack could not be measured, calibrated or quantized on these images."""

    code = "E260"


class LabelTableError(EvaluationError):
    """The table of labels is not what it must be; the detail names lines and columns, never a patient."""

    code = "E261"


class LeakedSplitError(EvaluationError):
    """A patient, or a picture, stands in both parts: what calibrates must not measure."""

    code = "E262"


class TooFewPatientsError(EvaluationError):
    """There are too few patients with or without a finding; the detail says how many are needed."""

    code = "E263"


class PackNotChangedError(EvaluationError):
    """The pack's folder may not, or cannot, be changed."""

    code = "E264"


class QuantizeError(EvaluationError):
    """No INT8 model could be made."""

    code = "E265"


class QuantizerMissingError(EvaluationError):
    """What makes INT8 models is not installed here."""

    code = "E266"


class RiskTableError(PackError):
    """The table of a pack that reads values is not what it must be."""

    code = "E275"


class NoNetworkError(PackError):
    """The pack reads values and has no network: what was asked for needs one."""

    code = "E276"


class EngineError(FarlightError):
    """A model could not be run on this computer."""

    code = "E300"


class EngineMissingError(EngineError):
    """The engine is not installed or has no usable device."""

    code = "E301"


class ModelLoadError(EngineError):
    """The engine does not accept the model file."""

    code = "E302"


class InferenceError(EngineError):
    """The engine failed while running, or returned something that is not a number."""

    code = "E303"


class DeviceMissingError(EngineError):
    """The engine has no such device on this computer, or cannot start it."""

    code = "E310"


class DeviceFailedError(EngineError):
    """A device failed while it was tried or used."""

    code = "E311"


class DriftError(EngineError):
    """A model answers otherwise on this computer than its makers found, by more than they allow."""

    code = "E312"


class ProbeError(EngineError):
    """The process in which engines and devices are tried could not be used."""

    code = "E313"


class ReportError(FarlightError):
    """A report could not be made or signed."""

    code = "E400"


class ReportNotWrittenError(ReportError):
    """The report file could not be written."""

    code = "E401"


class NotReadyToSignError(ReportError):
    """Something must be answered before signing."""

    code = "E402"


class WrongPinError(ReportError):
    """The PIN is not the signer's."""

    code = "E403"


class AlreadySignedError(ReportError):
    """The report is signed; only an addendum is possible."""

    code = "E404"


class NotSignedError(ReportError):
    """There is no such signed report, so it has no papers."""

    code = "E405"


class NoCopyError(ReportError):
    """An early Farlight signed the report and kept nothing to set a marked copy from."""

    code = "E406"


class ChangedReportError(ReportError):
    """What is kept of a signed report is not what was signed."""

    code = "E407"


class ReportNotPrintedError(ReportError):
    """The print queue did not take the report."""

    code = "E408"


class StoreError(FarlightError):
    """Settings, drafts or the profile could not be kept."""

    code = "E500"


class ProfileInUseError(StoreError):
    """Another Farlight window is open on the same profile."""

    code = "E501"


class ProfileNotWritableError(StoreError):
    """The profile folder cannot be written."""

    code = "E502"


class StoreDamagedError(StoreError):
    """The profile's database is damaged."""

    code = "E503"


class NewerStoreError(StoreError):
    """The profile was written by a newer Farlight."""

    code = "E504"


class StoreMissingError(StoreError):
    """The profile has keys, and its database is gone."""

    code = "E505"


class KeysDamagedError(StoreError):
    """The file that holds the locked key cannot be read, nor its copy."""

    code = "E506"


class KeysReplacedError(StoreError):
    """The key file is not the one that these records were last kept with: an older one, or one changed."""

    code = "E511"


class WrongPasswordError(StoreError):
    """It is not the password, or not the code on the recovery sheet, or a wait is not over."""

    code = "E507"

    @property
    def waits(self) -> bool:
        """Whether nothing was tried: a wait after wrong tries is not over."""
        return self.detail == "wait"

    @property
    def title(self) -> str:
        """What went wrong: while a wait lasts nobody says that a password was wrong."""
        return say("errors.E507.wait_title") if self.waits else super().title

    @property
    def hint(self) -> str:
        """What to do, and how long to wait first."""
        seconds = math.ceil(float(str(self.context.get("wait_s") or 0)))
        wait = say("errors.E507.wait_hint", seconds=seconds) if seconds else ""
        parts = (wait, say("errors.E507.wait_untried")) if self.waits else (super().hint, wait)
        return " ".join(part for part in parts if part)

    def __str__(self) -> str:
        return f"{self.code} {self.message}" if self.waits else super().__str__()


class NotPermittedError(StoreError):
    """The person who is logged in may not do this."""

    code = "E508"

    @property
    def hint(self) -> str:
        """Who may: ``detail`` is the act."""
        who = least_duty(self.detail)
        return super().hint if who is None else say(f"errors.E508.hint_{who}")


class DiskFullError(StoreError):
    """There is no room left where the profile lies."""

    code = "E550"


class NotSetUpError(StoreError):
    """Nobody set this profile up: it has no key and no records."""

    code = "E509"


class PasswordGivenError(StoreError):
    """Who signs has a password that somebody else gave them, and knows."""

    code = "E510"


class NotATrailError(StoreError):
    """The file is no export of an audit trail, or cannot be read."""

    code = "E515"


class TrailNotWrittenError(StoreError):
    """The export of the audit trail could not be written."""

    code = "E516"


class RecordRequestError(StoreError):
    """What was asked of patients and studies does not fit what is recorded."""

    code = "E520"


class IdentityIncompleteError(StoreError):
    """Too little is known of a patient for a study to become theirs; the detail names what is asked."""

    code = "E521"


class RegisterFileError(StoreError):
    """A file is no register that can be read; the detail says why."""

    code = "E522"


class KeptImageDamagedError(StoreError):
    """The encrypted copy of an image is gone or not what was written."""

    code = "E530"


class NoRoomForImagesError(StoreError):
    """The disk has no room for the copies of these images."""

    code = "E531"


class HeldRecordsError(StoreError):
    """The patient's records are held and may not be deleted."""

    code = "E532"


class NoConsentError(StoreError):
    """The patient has not agreed to this use of their records."""

    code = "E533"


class ChangedMeanwhileError(StoreError):
    """What was to be deleted is not what was shown."""

    code = "E534"


class NotRemovedError(StoreError):
    """The records are deleted, and a trace could not be wiped yet."""

    code = "E535"


class BackupMediumError(StoreError):
    """The medium of the backup cannot be written or read any more."""

    code = "E540"


class BackupNoRoomError(StoreError):
    """The medium, or this computer's disk, has no room; the detail says how much is missing."""

    code = "E541"


class BackupDamagedError(StoreError):
    """A backup is not what was written."""

    code = "E542"


class NoBackupError(StoreError):
    """There is no whole backup in that place."""

    code = "E543"


class OtherBackupError(StoreError):
    """A backup is one of other records."""

    code = "E544"


class NotSalvagedError(StoreError):
    """Nothing of the damaged records can be read with this key."""

    code = "E545"


class NotReplacedError(StoreError):
    """Restored records could not be put in the place of the present ones."""

    code = "E546"


class RequestError(FarlightError):
    """What was asked for cannot be done as asked."""

    code = "E600"


class OutputNotEmptyError(RequestError):
    """The output folder holds something already."""

    code = "E601"


class PatientFileError(RequestError):
    """The patient file is not what it must be."""

    code = "E602"


class OutputNotWritableError(RequestError):
    """The output folder cannot be written."""

    code = "E603"


class OutputStreamError(RequestError):
    """Standard output takes no more (a full disk behind it)."""

    code = "E604"


class PrevalenceError(RequestError):
    """How common a finding is was given as something that is no share of patients."""

    code = "E605"


class UnknownFindingError(RequestError):
    """How common a finding is was given for one that no model at hand has a calibrated score of."""

    code = "E606"


class Cancelled(FarlightError):
    """The user stopped the work."""

    code = "E900"
