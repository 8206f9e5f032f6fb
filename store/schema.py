"""What the database looks like: one script a version."""

# ``key_ring`` holds the edition of the key file that belongs here, and a change of it that is under way;
# ``former_seals`` what sealed backups before the store's key was turned.
_PEOPLE_AND_TRAIL = """
    ALTER TABLE people ADD COLUMN duty TEXT NOT NULL DEFAULT 'clinician';
    ALTER TABLE people ADD COLUMN signs INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE people ADD COLUMN holder_id TEXT NOT NULL DEFAULT '';
    ALTER TABLE people ADD COLUMN left_at TEXT NOT NULL DEFAULT '';
    ALTER TABLE people ADD COLUMN pin_kdf TEXT NOT NULL DEFAULT 'scrypt';
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        clock_doubted INTEGER NOT NULL,
        person_id INTEGER,
        person TEXT NOT NULL,
        act TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        words_sha256 TEXT NOT NULL,
        previous TEXT NOT NULL,
        digest TEXT NOT NULL
    );
    CREATE TABLE audit_words (
        seq INTEGER PRIMARY KEY REFERENCES audit,
        subject TEXT NOT NULL,
        salt TEXT NOT NULL,
        words TEXT NOT NULL
    );
    CREATE TABLE key_ring (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        edition INTEGER NOT NULL,
        pending TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE former_seals (
        until TEXT PRIMARY KEY,
        seal BLOB NOT NULL
    );
    CREATE INDEX audit_subject ON audit (subject);
    CREATE INDEX audit_words_subject ON audit_words (subject);
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'a line of the audit trail does not change'); END;
    CREATE TRIGGER audit_remains BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'a line of the audit trail is not deleted'); END;
    CREATE TRIGGER audit_words_stay BEFORE UPDATE ON audit_words
        BEGIN SELECT RAISE(ABORT, 'the words of a line do not change'); END;
"""
_SETTINGS = """
    CREATE TABLE kept_settings (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
    """
_RECORDS = """
    CREATE TABLE patients (
        patient_id INTEGER PRIMARY KEY AUTOINCREMENT,
        known TEXT NOT NULL,
        name TEXT NOT NULL,
        number TEXT NOT NULL,
        birth_date TEXT NOT NULL,
        sex TEXT NOT NULL,
        id_key TEXT NOT NULL,
        name_key TEXT NOT NULL,
        search TEXT NOT NULL,
        created_at TEXT NOT NULL,
        merged_into INTEGER REFERENCES patients
    );
    CREATE INDEX patients_id ON patients (id_key);
    CREATE INDEX patients_name ON patients (name_key, birth_date);
    CREATE TABLE studies (
        study_id INTEGER PRIMARY KEY AUTOINCREMENT,
        unit_key TEXT NOT NULL UNIQUE,
        patient_id INTEGER NOT NULL REFERENCES patients,
        path TEXT NOT NULL,
        facts TEXT NOT NULL,
        study_date TEXT NOT NULL,
        modality TEXT NOT NULL,
        description TEXT NOT NULL,
        first_opened_at TEXT NOT NULL,
        last_opened_at TEXT NOT NULL
    );
    CREATE INDEX studies_patient ON studies (patient_id);
    CREATE TABLE study_marks (
        study_id INTEGER NOT NULL REFERENCES studies ON DELETE CASCADE,
        mark TEXT NOT NULL,
        PRIMARY KEY (study_id, mark)
    );
    CREATE INDEX study_marks_mark ON study_marks (mark);
    CREATE TABLE study_moves (
        move_id INTEGER PRIMARY KEY AUTOINCREMENT,
        study_id INTEGER NOT NULL REFERENCES studies ON DELETE CASCADE,
        moved_at TEXT NOT NULL,
        from_patient INTEGER NOT NULL,
        to_patient INTEGER NOT NULL,
        payload TEXT NOT NULL
    );
    CREATE INDEX study_moves_study ON study_moves (study_id);
    CREATE TABLE patient_merges (
        merge_id INTEGER PRIMARY KEY AUTOINCREMENT,
        gone INTEGER NOT NULL REFERENCES patients ON DELETE CASCADE,
        stays INTEGER NOT NULL REFERENCES patients ON DELETE CASCADE,
        merged_at TEXT NOT NULL,
        studies TEXT NOT NULL,
        undone_at TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE patients_apart (
        one INTEGER NOT NULL REFERENCES patients ON DELETE CASCADE,
        other INTEGER NOT NULL REFERENCES patients ON DELETE CASCADE,
        PRIMARY KEY (one, other)
    );
    CREATE TABLE registers (
        register_id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        read_at TEXT NOT NULL
    );
    CREATE TABLE register_entries (
        entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
        register_id INTEGER NOT NULL REFERENCES registers ON DELETE CASCADE,
        known TEXT NOT NULL,
        name TEXT NOT NULL,
        number TEXT NOT NULL,
        birth_date TEXT NOT NULL,
        sex TEXT NOT NULL,
        id_key TEXT NOT NULL,
        name_key TEXT NOT NULL,
        search TEXT NOT NULL
    );
    CREATE INDEX register_entries_id ON register_entries (id_key);
    CREATE INDEX register_entries_register ON register_entries (register_id);
"""

# Copies of images; ``secret`` makes the key of a file, which lies under ``name`` in the folder of images.
# ``image_strays`` names files that are about to be written or to go: what a crash leaves of them is swept up.
_IMAGES = """
    CREATE TABLE image_files (
        file_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        secret BLOB NOT NULL,
        byte_count INTEGER NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        kept_at TEXT NOT NULL
    );
    CREATE INDEX image_files_size ON image_files (byte_count);
    CREATE TABLE image_units (
        unit_id INTEGER PRIMARY KEY,
        unit_key TEXT NOT NULL UNIQUE,
        payload TEXT NOT NULL,
        whole INTEGER NOT NULL DEFAULT 0,
        kept_at TEXT NOT NULL
    );
    CREATE TABLE image_copies (
        unit_id INTEGER NOT NULL REFERENCES image_units,
        position INTEGER NOT NULL,
        relative TEXT NOT NULL,
        file_id INTEGER NOT NULL REFERENCES image_files,
        PRIMARY KEY (unit_id, position)
    );
    CREATE INDEX image_copies_file ON image_copies (file_id);
    CREATE TABLE image_strays (name TEXT PRIMARY KEY);
"""

# What a patient agreed to, what must not be deleted, and the one door through which signed reports go.
_KEEPING = """
    CREATE TABLE consents (
        consent_id INTEGER PRIMARY KEY AUTOINCREMENT,
        patient_id INTEGER NOT NULL REFERENCES patients ON DELETE CASCADE,
        purpose TEXT NOT NULL CHECK (purpose IN ('care', 'teaching', 'research')),
        given INTEGER NOT NULL,
        how TEXT NOT NULL CHECK (how IN ('signed_paper', 'spoken', 'guardian')),
        who TEXT NOT NULL,
        given_on TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        person_id INTEGER REFERENCES people,
        person TEXT NOT NULL
    );
    CREATE INDEX consents_patient ON consents (patient_id);
    CREATE TRIGGER consents_stay BEFORE UPDATE ON consents
        BEGIN SELECT RAISE(ABORT, 'a record of consent does not change'); END;
    CREATE TABLE holds (
        hold_id INTEGER PRIMARY KEY AUTOINCREMENT,
        patient_id INTEGER NOT NULL REFERENCES patients ON DELETE CASCADE,
        reason TEXT NOT NULL,
        placed_at TEXT NOT NULL,
        person TEXT NOT NULL,
        lifted_at TEXT NOT NULL DEFAULT '',
        lifted_by TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX holds_patient ON holds (patient_id);
    CREATE TABLE wiping (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        asked_at TEXT NOT NULL,
        set_aside INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE deletions (
        report_id INTEGER PRIMARY KEY,
        audit_seq INTEGER NOT NULL UNIQUE REFERENCES audit (seq)
    );
    DROP TRIGGER papers_not_made_remain;
    DROP TRIGGER papers_remain;
    DROP TRIGGER addenda_remain;
    DROP TRIGGER frozen_reports_remain;
    DROP TRIGGER signed_reports_remain;
    CREATE TRIGGER deletions_are_told BEFORE INSERT ON deletions
        WHEN NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.audit_seq AND act = 'delete'
            AND subject = 'report:' || NEW.report_id)
        BEGIN SELECT RAISE(ABORT, 'a deletion stands in the audit trail first'); END;
    CREATE TRIGGER deletions_delete AFTER INSERT ON deletions BEGIN
        DELETE FROM papers_not_made WHERE paper_id IN
            (SELECT paper_id FROM papers WHERE report_id = NEW.report_id);
        DELETE FROM papers WHERE report_id = NEW.report_id;
        DELETE FROM addenda WHERE report_id = NEW.report_id;
        DELETE FROM frozen_reports WHERE report_id = NEW.report_id;
        DELETE FROM signed_reports WHERE report_id = NEW.report_id;
    END;
    CREATE TRIGGER deletions_stay BEFORE UPDATE ON deletions
        BEGIN SELECT RAISE(ABORT, 'a deletion does not change'); END;
    CREATE TRIGGER deletions_remain BEFORE DELETE ON deletions
        BEGIN SELECT RAISE(ABORT, 'a deletion is not forgotten'); END;
    CREATE TRIGGER signed_reports_are_new AFTER INSERT ON signed_reports
        WHEN NEW.report_id IN (SELECT report_id FROM deletions)
        BEGIN SELECT RAISE(ABORT, 'the number of a deleted report is not given again'); END;
    CREATE TRIGGER papers_not_made_remain BEFORE DELETE ON papers_not_made
        WHEN NOT EXISTS (SELECT 1 FROM papers JOIN deletions USING (report_id)
            WHERE paper_id = OLD.paper_id)
        BEGIN SELECT RAISE(ABORT, 'a record of papers is not deleted'); END;
    CREATE TRIGGER papers_remain BEFORE DELETE ON papers
        WHEN OLD.report_id NOT IN (SELECT report_id FROM deletions)
        BEGIN SELECT RAISE(ABORT, 'an issued paper is not deleted'); END;
    CREATE TRIGGER addenda_remain BEFORE DELETE ON addenda
        WHEN OLD.report_id NOT IN (SELECT report_id FROM deletions)
        BEGIN SELECT RAISE(ABORT, 'an addendum is not deleted'); END;
    CREATE TRIGGER frozen_reports_remain BEFORE DELETE ON frozen_reports
        WHEN OLD.report_id NOT IN (SELECT report_id FROM deletions)
        BEGIN SELECT RAISE(ABORT, 'a signed report is not deleted'); END;
    CREATE TRIGGER signed_reports_remain BEFORE DELETE ON signed_reports
        WHEN OLD.report_id NOT IN (SELECT report_id FROM deletions)
        BEGIN SELECT RAISE(ABORT, 'a signed report is not deleted'); END;
"""

# Whose model packs are trusted, which are installed, and who accepted which licence.
_PACK_KEYS = """
    CREATE TABLE pack_keys (
        key BLOB PRIMARY KEY,
        name TEXT NOT NULL,
        trusted_at TEXT NOT NULL,
        person_id INTEGER REFERENCES people,
        person TEXT NOT NULL
    );
    CREATE TABLE installed_packs (
        pack_id TEXT NOT NULL,
        version TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        key BLOB NOT NULL,
        signature TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('coming', 'here', 'going')),
        installed_at TEXT NOT NULL,
        person_id INTEGER REFERENCES people,
        person TEXT NOT NULL,
        PRIMARY KEY (pack_id, version)
    );
    CREATE TABLE pack_licences (
        licence_id INTEGER PRIMARY KEY AUTOINCREMENT,
        pack_id TEXT NOT NULL,
        version TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        accepted_at TEXT NOT NULL,
        person_id INTEGER REFERENCES people,
        person TEXT NOT NULL
    );
    CREATE TRIGGER pack_licences_stay BEFORE UPDATE ON pack_licences
        BEGIN SELECT RAISE(ABORT, 'an accepted licence does not change'); END;
    CREATE TRIGGER pack_licences_remain BEFORE DELETE ON pack_licences
        BEGIN SELECT RAISE(ABORT, 'an accepted licence is not forgotten'); END;
"""

# One script a version; never change one that was released, add the next.
MIGRATIONS = (
    """
    CREATE TABLE drafts (
        key TEXT PRIMARY KEY,
        payload TEXT NOT NULL,
        updated_at TEXT NOT NULL
    );
    CREATE TABLE place (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        payload TEXT NOT NULL
    );
    CREATE TABLE people (
        person_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        registration_number TEXT NOT NULL,
        salt BLOB NOT NULL,
        pin_hash BLOB NOT NULL,
        wrong_guesses INTEGER NOT NULL DEFAULT 0,
        guessed_at REAL NOT NULL DEFAULT 0,
        signed_at TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE signed_reports (
        report_id INTEGER PRIMARY KEY,
        unit_key TEXT NOT NULL UNIQUE,
        person_id INTEGER NOT NULL REFERENCES people,
        signed_at TEXT NOT NULL,
        patient TEXT NOT NULL,
        pixels_sha256 TEXT,
        record TEXT NOT NULL,
        result TEXT NOT NULL,
        pdf BLOB NOT NULL
    );
    CREATE INDEX signed_pixels ON signed_reports (pixels_sha256);
    CREATE TABLE addenda (
        addendum_id INTEGER PRIMARY KEY,
        report_id INTEGER NOT NULL REFERENCES signed_reports,
        signed_at TEXT NOT NULL,
        payload TEXT NOT NULL
    );
    CREATE TRIGGER signed_reports_stay BEFORE UPDATE ON signed_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report does not change'); END;
    CREATE TRIGGER signed_reports_remain BEFORE DELETE ON signed_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report is not deleted'); END;
    CREATE TRIGGER addenda_stay BEFORE UPDATE ON addenda
        BEGIN SELECT RAISE(ABORT, 'an addendum does not change'); END;
    CREATE TRIGGER addenda_remain BEFORE DELETE ON addenda
        BEGIN SELECT RAISE(ABORT, 'an addendum is not deleted'); END;
    """,
    """
    CREATE TABLE frozen_reports (
        report_id INTEGER PRIMARY KEY REFERENCES signed_reports,
        content BLOB NOT NULL
    );
    CREATE TABLE papers (
        paper_id INTEGER PRIMARY KEY,
        report_id INTEGER NOT NULL REFERENCES signed_reports,
        number INTEGER NOT NULL,
        copy_number INTEGER NOT NULL,
        issued_at TEXT NOT NULL,
        how TEXT NOT NULL,
        paper TEXT NOT NULL,
        UNIQUE (report_id, number)
    );
    CREATE TABLE papers_not_made (
        paper_id INTEGER PRIMARY KEY REFERENCES papers,
        not_made_at TEXT NOT NULL
    );
    CREATE TRIGGER frozen_reports_stay BEFORE UPDATE ON frozen_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report does not change'); END;
    CREATE TRIGGER frozen_reports_remain BEFORE DELETE ON frozen_reports
        BEGIN SELECT RAISE(ABORT, 'a signed report is not deleted'); END;
    CREATE TRIGGER papers_stay BEFORE UPDATE ON papers
        BEGIN SELECT RAISE(ABORT, 'an issued paper does not change'); END;
    CREATE TRIGGER papers_remain BEFORE DELETE ON papers
        BEGIN SELECT RAISE(ABORT, 'an issued paper is not deleted'); END;
    CREATE TRIGGER papers_not_made_stay BEFORE UPDATE ON papers_not_made
        BEGIN SELECT RAISE(ABORT, 'a record of papers does not change'); END;
    CREATE TRIGGER papers_not_made_remain BEFORE DELETE ON papers_not_made
        BEGIN SELECT RAISE(ABORT, 'a record of papers is not deleted'); END;
    """,
    _PEOPLE_AND_TRAIL + _SETTINGS + _RECORDS + _IMAGES + _KEEPING + _PACK_KEYS,
)
SCHEMA_VERSION = len(MIGRATIONS)
