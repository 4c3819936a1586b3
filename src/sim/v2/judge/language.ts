/**
 * Words by what they do in a sentence. English first; the four other languages have those that a busy correspondent uses. All
 * are written as `normalise` gives them: lower case, without apostrophes and accents.
 */

import { groupBy } from '../../../lib/group.ts';

/** A list of words, or of phrases with underscores between their words. */
function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}

/** Phrases by their first word. */
export type Lexicon = ReadonlyMap<string | undefined, readonly (readonly string[])[]>;

/** A list of phrases, each a list of words. */
function phrases(list: string): Lexicon {
  return groupBy(
    list.split(',').map((phrase) => phrase.trim().split(/\s+/)),
    ([first]) => first,
  );
}

/** Words that carry grammar and no content, with which every sentence is built. */
export const FUNCTION_WORDS = words(`
  a an the this that these those some any each every all both either neither no not none nothing nobody
  i me my mine myself we us our ours you your yours he him his she her hers it its they them their theirs one ones
  who whom whose which what when where why how there here then than as if unless whether because since so and or but nor yet
  of to in on at by for from with without into onto over under about after before until till between through during against
  upon up down out off per via within behind beside besides above below near
  am is are was were be been being have has had having do does did done doing will would shall should can could may might
  must ought let lets get gets got go goes going come comes just only also too very still now again more most less such same
  yes please thanks thank sorry dear im ive id ill were youre youll youve its thats theres weve well theyre dont cant wont isnt
  der die das den dem des ein eine einen einem und oder aber ist sind war wird werden hat haben ich wir sie ihr mir uns nicht
  kein keine auf mit von zu zum zur bei fur im am um als wie auch noch nur bitte danke
  le la les un une des du et ou mais est sont a au aux je nous vous il elle ne pas que qui en sur pour avec dans ce cette
  el los las una unos y o pero es son de del al yo nos me se no que en con por para lo su mi
  il lo gli i una e ma sono di da che non con per nel alla alle dal si ci mi vi te ti`);

/** Words that negate the whole clause, wherever they stand in it. */
export const CLAUSE_NEGATORS = words(`
  isnt arent wasnt werent wont cant couldnt wouldnt shouldnt dont doesnt didnt havent hasnt hadnt mustnt neednt shant aint
  never hardly nobody nicht niemals jamais nunca mai cannot non pas`);
/** Verbs after which "not" negates the whole clause. */
export const AUXILIARIES = words(`
  am is are was were be been will would shall should can could do does did has have had must may might im ive its were theyre`);
/** Words that negate what follows them in the clause. */
export const FORWARD_NEGATORS = words(
  'not no none nothing neither nor without except nit keine keinen kein keinem ni sin sans senza ohne nada nessun nessuna',
);
export const FORWARD_NEGATIONS = phrases(
  'instead of, rather than, anything but, anywhere but, anyone but, everything but, everyone but, all but, far from, apart from, other than, no longer',
);
/** Phrases whose negator negates nothing. */
export const NO_NEGATIONS = phrases(`
  not only, not just, not merely, not least, no doubt, no problem, no problems, no worries, no question, no later than,
  not later than, no more than, not more than, no sooner than, why not, whether or not, if not, no need, no matter, nothing but,
  no fewer than, no less than, not a moment, not to mention, no rush, no hard feelings, no thanks to`);

/** Words and phrases that open a condition; a clause with one asserts nothing. */
export const CONDITIONS = phrases(`
  if, unless, provided, providing, suppose, supposing, in case, assuming, as long as, on condition, depending, depends,
  whatever you, whichever you, whichever, should it, should there, should that, should i, should we, wenn, falls, sofern, sobald du, se fosse, a condition que`);
/** Phrases that contain an opener of conditions but state none. */
export const NO_CONDITIONS = phrases(
  'as if, even if, if only, if anything, if not more, if you like, if i may, if you ask, if you please, whatever comes',
);

/** Words and phrases of doubt; a clause with one asserts nothing. */
export const DOUBTS = phrases(`
  perhaps, maybe, might, possibly, i believe, may get, may well, couldnt say, come back to you, get back to you, let you know, be in touch, write again later, probably, supposedly, allegedly, apparently, reportedly, conceivably, presumably, unsure,
  uncertain, undecided, not sure, not certain, not decided, seems, seem, could be, may be, may have, something like,
  along those lines, one of those, one of them, one of these, or so, guess, i suppose, or thereabouts, thinking about, think about it,
  think it over, vielleicht, moglicherweise, peut etre, quizas, tal vez, forse, wrong, untrue, false, incorrect, mistaken,
  unlikely, cant say, cannot say, not say yet, cant tell, cannot tell, know more, turn it over, my view, in the balance, remains to be seen, we will see, let us see, still open, up in the air`);
/** Words for talk without an author; a sentence with one asserts nothing. */
export const RUMOURS = phrases(`
  nobody has checked, nobody has confirmed, unconfirmed, not been confirmed, not confirmed, wouldnt rely, not rely on, cant vouch,
  rumour, rumours, rumor, rumors, gossip, hearsay, tale, tales, fairy tale, invention, nonsense, speculation, talk of the town,
  just talk, only talk, pure talk, put it about, put about, made up, no truth, a story, word on the street`);
/** Phrases that leave it to others, or to later, to say something. */
export const IGNORANCE = phrases(`
  no information, nobody has, nobody knows, not know, dont know, do not know, ask someone, ask somebody, ask him, ask her, ask them,
  find out, work out, worked out, show you, another day, no idea, not mine to say, talk about, talk when, later, next week`);

/** Phrases that report what somebody was told. */
export const HEARSAY = phrases(`
  you were told, you have been told, youve been told, told you, you heard, you have heard, youve heard, you may have heard,
  people say, they say, some say, it is said, word has it, you wrote, you said, you quoted, your pack said, as you were told,
  you had heard, somebody says, someone says, you suggested, you mentioned, somebody mentioned, someone mentioned, somebody in, someone in`);
/** How a sentence begins that says something about the one before. */
export const BACK_REFERENCES = words('that this it those these both neither they such');
/** What such a sentence says if it takes the one before back. */
export const RETRACTIONS = phrases(`
  talk, is wrong, are wrong, untrue, false, not true, isnt true, is a mistake, misunderstanding, joke, dont count on, not count on, not use, dont use,
  do not use, disregard, forget, not rely, dont rely, ignore, not so`);

export const YES = words(`
  yes yep yeah yup sure certainly absolutely definitely ok agreed approved granted confirmed deal gladly accepted indeed of_course
  si ja oui claro naturlich certo jawohl gerne done seen promised`);
export const NO = words('no nope nah nein non never sorry_no not');
/** General words of consent, which count for any choice. */
export const CONSENT = phrases(`
  approve, approved, approval, agree, agreed, accept, accepts, accepted, consent, my go, a go, its a go, go ahead, backing, by all means,
  of course, youre on, you are on, by all means, fine by me, fine with me, fine for, happy to, glad to, count me in, im in, my word, my blessing, my ok, no objection, no objections,
  nothing against, have my support, all for it, cuenta conmigo, einverstanden, daccord, va bene, de acuerdo, conta su di me, wholeheartedly`);
/** General words of refusal. */
export const REFUSAL = phrases(`
  refuse, decline, reject, rather not, against, no go, not possible, impossible, out of the question, have to pass, must pass,
  cant make, count me out, turn down, forbid, veto, lieber nicht, leider nicht, geht nicht, no puedo, je refuse, ablehnen`);

/** Ways to say that something costs nothing. */
export const FREE = phrases(`
  free, nothing, no charge, no cost, no costs, no fee, free of charge, without charge, not be charged, not charged, not pay, never pay,
  doesnt pay, wont pay, dont pay, not cost, doesnt cost, wont cost, our expense, own expense, our cost, cover the cost, cover it, bear the cost, pick up the bill,
  on the house, on us, our account, our bill, zero, no bill, no invoice, foot the bill, gratis, kostenlos, umsonst, gratuit,
  not a penny, not a cent, not owe, we pay, we are paying`);
/** Phrases with "free" or "nothing" in another sense. */
export const NOT_FREE = phrases(
  'feel free, free to, free from, free at, free for a, free for the, free for lunch, free for dinner, nothing to, nothing else, nothing more, nothing but, nothing about, set free, for nothing less',
);

export const INSULTS = phrases(`
  idiot, idiots, idiotic, stupid, stupidity, moron, morons, moronic, imbecile, dumb, dumbass, pathetic, useless, worthless, loser, losers,
  you fool, old fool, you clown, you liar, incompetent, disgusting, asshole, arsehole, bastard, bitch, dickhead, wanker, fuck, fucks, fucked,
  fucking, fucker, shit, shitty, bullshit, crap, bollocks, screw you, damn you, shut up, shut it, go to hell, get lost, get stuffed, piss off,
  sod off, bugger off, drop dead, hate you, despise you, you suck, who cares, couldnt care less, could not care less, not my problem,
  leave me alone, stop bothering, stop whining, stop moaning, stop nagging, quit whining, waste of space, tiresome, old nag, nag, whiner, hag,
  old bat, old man you, crybaby, pest, twit, nitwit, halfwit, dimwit, brat, ridiculous little, spare me,
  you people are, grow up, pull yourself together, silly old, silly woman, silly man, your precious, get a life, nobody likes you, cretin, buffoon, shameless, hysterical, blockhead,
  dummkopf, idioten, blod, imbecille, stronzo, connard, gilipollas`);
/** Words that turn an insult on its own side. */
export const OWN_SIDE = phrases(
  'of us, of me, of mine, we were, i was, i am, im, i have been, my own, our own, ours, my, our',
);

/** Phrases addressed to a grader. */
export const TO_THE_GRADER = phrases(`
  scoring system, grading system, grader, graders, evaluator, reviewer of this, whoever marks, whoever grades, marks this, mark this reply, mark this answer, score it, score this,
  rate this, rate the reply, grade this, full mark, full marks, full credit, full score, award the, keyword, keywords, counts as answered, counts as seen, count this, counts as, treat this as,
  ignore all, ignore previous, ignore the above, disregard the mail, disregard the above, disregard previous, system prompt, as an ai, language model, reward function, test passed,
  correct and complete, this reply contains, this answer contains, the reply contains, the answer contains, expected answer, reference answer, ground truth`);

/** Weekdays as `normalise` gives them, from Sunday. */
export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export const OTHER_DAYS = words('tomorrow morgen demain manana domani yesterday');
export const ALTERNATIVES = words('or oder ou o either');

const spelled = (list: string): ReadonlyMap<string, string> =>
  new Map(
    list
      .trim()
      .split(/\s+/)
      .map((entry) => entry.split('=') as [string, string]),
  );

/** Languages other than English: words by which each is known, and its numbers. */
export const LANGUAGES: readonly {
  readonly known: ReadonlySet<string>;
  readonly numbers: ReadonlyMap<string, string>;
}[] = [
  {
    known: words(
      'der die das den dem ein eine einen und oder aber ist sind wird werden hat haben ich wir ihr sie mir uns nicht auf mit von zu fur im um bitte danke liebe lieber',
    ),
    numbers:
      spelled(`eins=1 zwei=2 drei=3 vier=4 funf=5 sechs=6 sieben=7 acht=8 neun=9 zehn=10 elf=11 zwolf=12 dreizehn=13 vierzehn=14
      funfzehn=15 sechzehn=16 siebzehn=17 achtzehn=18 neunzehn=19 zwanzig=20 dreissig=30 vierzig=40 funfzig=50 sechzig=60 siebzig=70
      achtzig=80 neunzig=90 hundert=100 zweiunddreissig=32 einundvierzig=41 funfundfunfzig=55 siebenundzwanzig=27 achtundsechzig=68`),
  },
  {
    known: words(
      'le la les un une des du et ou mais est sont au aux je nous vous il elle ne pas que qui en sur pour avec dans merci',
    ),
    numbers:
      spelled(`deux=2 trois=3 quatre=4 cinq=5 six=6 sept=7 huit=8 neuf=9 dix=10 onze=11 douze=12 treize=13 quatorze=14 quinze=15 seize=16
      vingt=20 trente=30 quarante=40 cinquante=50 soixante=60 cent=100`),
  },
  {
    known: words('el los las un una y o pero es son de del al yo nos que en con por para lo su mi gracias esta'),
    numbers:
      spelled(`dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10 once=11 doce=12 trece=13 catorce=14 quince=15
      veinte=20 veintisiete=27 treinta=30 cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90 cien=100`),
  },
  {
    known: words(
      'il lo gli le la i una e ma sono di da che non con per nel alla alle dal si ci mi vi te ti grazie del',
    ),
    numbers:
      spelled(`due=2 tre=3 quattro=4 cinque=5 sei=6 sette=7 otto=8 nove=9 dieci=10 undici=11 dodici=12 tredici=13 quattordici=14 quindici=15
      venti=20 ventisette=27 trenta=30 quaranta=40 cinquanta=50 sessanta=60 settanta=70 ottanta=80 novanta=90 cento=100`),
  },
];

/** Words that apologise. */
export const APOLOGIES = `
  sorry, beg your pardon, pardon, perdona, perdon, entschuldigung, entschuldige, verzeih, excuse us, excuse me, pardonne,
  perdonami, our error, apologetic, mea culpa, should have told you, should have heard, on me not you, let you down, apology,
  apologise, apologize, my mistake, our mistake, my fault, our fault, forgive, regret, ashamed, mi dispiace, tut mir leid,
  lo siento, desole, scusa, was wrong, was our wrong, no excuse`.split(',');

/** English words by which English is known. */
export const ENGLISH = words(
  'the and is are of to in it you we i our your for that this with not have be will at on as from',
);

const ORDINAL_WORDS = `first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
  sixteenth seventeenth eighteenth nineteenth twentieth`;
/** Days of a month in words. */
export const ORDINALS: ReadonlyMap<string, string> = new Map(
  ORDINAL_WORDS.split(/\s+/).map((word, index) => [word, String(index + 1)] as const),
);
